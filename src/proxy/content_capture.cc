#include "proxy/content_capture.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "base/text.h"
#include "proxy/content_json.h"

namespace archestra::proxy {
namespace {

// Where clients have their credentials for providers.
bool has_credential(std::string_view field) {
  for (const std::string_view name :
       {"authorization", "x-api-key", "x-goog-api-key", "api-key", "proxy-authorization"})
    if (http::equals_ignoring_case(field, name)) return true;
  return false;
}

std::vector<std::string_view> credentials_in(const http::RequestHead& head) {
  std::vector<std::string_view> found;
  for (const http::Field& field : head.fields) {
    if (!has_credential(field.name)) continue;
    const std::size_t blank = field.value.rfind(' ');  // behind the scheme
    found.push_back(blank == std::string_view::npos ? field.value : field.value.substr(blank + 1));
  }
  std::string_view query = head.target.substr(std::min(head.target.find('?'), head.target.size()));
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    for (const std::string_view name : {"key=", "api_key=", "access_token="})
      if (pair.starts_with(name)) found.push_back(pair.substr(name.size()));
  }
  return found;
}

}  // namespace

CapturedTexts capture_content(const Settings& settings, const providers::Provider& provider,
                              const call::Route& route, const http::RequestHead& head, std::string_view body,
                              std::size_t slack, const providers::ContentReader* reader) {
  const auto secrets = credentials_in(head);
  const ContentJson json(*settings.redactor, secrets, settings.content_bytes_max);
  std::string scratch;
  const std::string_view whole = base::with_whole_characters(body, scratch);
  const providers::RequestContent request =
      provider.request_content(route, whole, whole.data() == body.data() ? slack : 0,
                               ContentJson::bounds_for(settings.content_bytes_max));
  return {.system_instructions = json.system_instructions(request.system),
          .input_messages = json.input_messages(request.input),
          .output_messages = reader != nullptr ? json.output_messages(reader->output()) : std::string(),
          .tool_definitions = json.tool_definitions(request.tools)};
}

}  // namespace archestra::proxy
