// Reading multipart/form-data (RFC 7578): the parts of a body that is all there.
#pragma once

#include <optional>
#include <string_view>

namespace archestra::simulator {

struct FormPart {
  std::string_view file_name;     ///< "" for a plain value
  std::string_view content_type;  ///< "" where none is said
  std::string_view content;
};

/// The boundary in a Content-Type, or "" where it is not that of a form.
std::string_view form_boundary(std::string_view content_type);
/// The part with this name; views of `body`.
std::optional<FormPart> form_part(std::string_view body, std::string_view boundary, std::string_view name);

}  // namespace archestra::simulator
