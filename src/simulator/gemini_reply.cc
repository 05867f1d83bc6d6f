#include "simulator/gemini_reply.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/error_text.h"

namespace archestra::simulator {
namespace {

constexpr ErrorText kErrors[] = {
    {400, "INVALID_ARGUMENT", "Request contains an invalid argument."},
    {401, "UNAUTHENTICATED", "API key not valid. Please pass a valid API key."},
    {403, "PERMISSION_DENIED", "The caller does not have permission"},
    {404, "NOT_FOUND", "Requested entity was not found."},
    {405, "UNIMPLEMENTED", "Method not allowed."},
    {429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."},
    {503, "UNAVAILABLE", "The model is overloaded. Please try again later."},
    {504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."},
    {4, "FAILED_PRECONDITION", "The request was refused."},
    {5, "INTERNAL", "An internal error has occurred."},
};

}  // namespace

bool wants_stream(const DialectRequest& request) { return request.path.ends_with(":streamGenerateContent"); }

bool wants_events(const DialectRequest& request) {
  return request.query.find("alt=sse") != std::string_view::npos;
}

Reply gemini_json(const DialectRequest& request, std::string body) {
  Reply reply{.content_type = "application/json; charset=UTF-8",
              .fields = {},
              .body = std::move(body),
              .stream = {},
              .usage = {}};
  fmt::format_to(std::back_inserter(reply.fields),
                 "vary: Origin\r\n"
                 "x-content-type-options: nosniff\r\n"
                 "server-timing: gfet4t7; dur={}\r\n",
                 processing_ms(request));
  return reply;
}

Reply gemini_error(const DialectRequest& request, int status, std::string_view message) {
  const ErrorText& text = error_text(kErrors, status);
  const bool in_array = wants_stream(request) && !wants_events(request);
  std::string body = in_array ? "[" : "";
  body.append(fmt::format(R"({{"error":{{"code":{},"message":)", status));
  base::append_json_string(body, message.empty() ? text.message : message);
  body.append(fmt::format(R"(,"status":"{}")", text.kind));
  if (status == 429)
    body.append(R"(,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}])");
  body.append(in_array ? "}}]\n" : "}}\n");
  Reply reply = gemini_json(request, std::move(body));
  reply.status = status;
  return reply;
}

}  // namespace archestra::simulator
