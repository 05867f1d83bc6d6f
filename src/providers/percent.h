// Percent-encoding in paths (RFC 3986 section 2.1), resolved for comparing: every server takes an escaped
// letter for the letter, and some an escaped '/' for that, so that an operation is the same however its path
// is written. What is forwarded stays as it came.
#pragma once

#include <string>
#include <string_view>

namespace archestra::providers {

/// `text` with its escapes resolved: itself where there are none, else in `scratch`. A "%" without two
/// hexadecimal digits behind it stays as it is.
std::string_view without_escapes(std::string_view text, std::string& scratch);

}  // namespace archestra::providers
