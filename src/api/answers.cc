#include "api/answers.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "base/log.h"

namespace archestra::api {

ServiceAnswer json_answer(int status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

ServiceAnswer error_answer(int status, std::string_view type, std::string_view message,
                           std::string extra_fields) {
  std::string body = R"({"error":{"message":)";
  base::append_json_string(body, message);
  body += R"(,"type":)";
  base::append_json_string(body, type);
  body += "}}";
  return {
      .status = status, .body = std::move(body), .extra_fields = std::move(extra_fields), .error_type = type};
}

ServiceAnswer invalid_request(std::string_view message) {
  return error_answer(400, "invalid_request", message);
}

ServiceAnswer not_found(std::string_view message) { return error_answer(404, "not_found", message); }

ServiceAnswer store_failed(const base::Error& error) {
  base::log(base::LogLevel::kError, "the store failed", {{"why", error.text()}});
  const std::string message = fmt::format("The store failed, and nothing was changed: {}.", error.text());
  // What another process holds or the system refuses may be there again; a damaged file will not mend itself.
  const bool may_pass = error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kSystem;
  if (may_pass) return error_answer(503, "store_unavailable", message, "Retry-After: 1\r\n");
  return error_answer(500, "store_failed", message);
}

}  // namespace archestra::api
