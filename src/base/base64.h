// Base64 with padding (RFC 4648 section 4), for Basic authentication.
#pragma once

#include <string>
#include <string_view>

namespace archestra::base {

std::string base64(std::string_view bytes);

}  // namespace archestra::base
