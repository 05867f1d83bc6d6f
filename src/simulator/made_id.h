// Identifiers as the providers make them: a prefix that tells the kind, then letters and digits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace archestra::simulator {

/// `prefix` and so many characters of [0-9A-Za-z].
std::string made_id(base::Random& random, std::string_view prefix, std::size_t characters);

}  // namespace archestra::simulator
