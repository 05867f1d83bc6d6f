#include "simulator/multipart.h"

#include <string>

#include "http/head.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// The value of a parameter: `form-data; name="file"`, `multipart/form-data; boundary=x`.
std::string_view parameter(std::string_view field, std::string_view name) {
  const std::string wanted = std::string(name).append("=");
  for (std::size_t at = field.find(wanted); at != std::string_view::npos; at = field.find(wanted, at + 1)) {
    if (at == 0 || (field[at - 1] != ' ' && field[at - 1] != ';')) continue;  // "filename" is not "name"
    const std::string_view value = field.substr(at + wanted.size());
    if (value.starts_with("\"")) return value.substr(1, value.find('"', 1) - 1);
    return value.substr(0, value.find(';'));
  }
  return {};
}

std::string_view field_in(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && http::equals_ignoring_case(line.substr(0, colon), name)) {
      const std::string_view value = line.substr(colon + 1);
      const std::size_t first = value.find_first_not_of(' ');
      return first == std::string_view::npos ? std::string_view() : value.substr(first);
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + kLineEnd.size());
  }
  return {};
}

}  // namespace

std::string_view form_boundary(std::string_view content_type) {
  return content_type.starts_with("multipart/form-data") ? parameter(content_type, "boundary")
                                                         : std::string_view();
}

std::optional<FormPart> form_part(std::string_view body, std::string_view boundary, std::string_view name) {
  if (boundary.empty()) return std::nullopt;
  const std::string first = "--" + std::string(boundary);
  const std::string next = std::string(kLineEnd).append(first);
  std::size_t at = body.starts_with(first) ? 0 : body.find(next);
  if (at != 0 && at != std::string_view::npos) at += kLineEnd.size();
  while (at != std::string_view::npos) {
    const std::size_t head_at = at + first.size();
    const std::size_t head_end = body.find("\r\n\r\n", head_at);
    if (head_end == std::string_view::npos || body.substr(head_at).starts_with("--")) break;
    const std::size_t content_at = head_end + 4;
    const std::size_t end = body.find(next, content_at);
    if (end == std::string_view::npos) break;
    const std::string_view head = body.substr(head_at, head_end - head_at);
    const std::string_view disposition = field_in(head, "content-disposition");
    if (parameter(disposition, "name") == name)
      return FormPart{.file_name = parameter(disposition, "filename"),
                      .content_type = field_in(head, "content-type"),
                      .content = body.substr(content_at, end - content_at)};
    at = end + kLineEnd.size();
  }
  return std::nullopt;
}

}  // namespace archestra::simulator
