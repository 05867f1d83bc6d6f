// The answers that the platform API gives, in its one shape of errors: {"error":{"message","type"}}.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http_io/service.h"

namespace archestra::api {

using http_io::ServiceAnswer;

/// Why a body is refused: one sentence that names the field.
struct BodyFault {
  std::string message;
};

ServiceAnswer json_answer(int status, std::string body);
/// `type` has static storage: "not_found". `message` is a sentence for whoever made the request.
ServiceAnswer error_answer(int status, std::string_view type, std::string_view message,
                           std::string extra_fields = {});
/// 400.
ServiceAnswer invalid_request(std::string_view message);
/// 404.
ServiceAnswer not_found(std::string_view message);
/// For a store that refused, of which nothing has come: 503 where it may pass, else 500. Also logs it.
ServiceAnswer store_failed(const base::Error& error);

}  // namespace archestra::api
