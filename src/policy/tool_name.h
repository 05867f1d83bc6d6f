// Names of tools as rules that restrict compare them. A client may look up a tool by less than its exact
// name, and a model may write a name in another way; what only looks like another tool must not pass by its
// rules.
#pragma once

#include <string>
#include <string_view>

namespace archestra::policy {

/// Two names with the same folded name may be the same tool. It is NFKC_Casefold (Unicode 3.13, D147): no
/// letter case, no compatibility forms, no characters that are not seen; without white space around it and
/// without the prefix `default_api` that Gemini's models write. Valid UTF-8 whatever the name is: what is not
/// becomes U+FFFD first.
std::string folded_name(std::string_view name);

}  // namespace archestra::policy
