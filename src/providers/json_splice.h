// JSON text in which some values are others and everything else stays byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace archestra::providers::json {

/// `with` stands in the place of `place`, which is a part of the text: a View's raw(), or "" at a position in
/// it. Places do not overlap.
struct Splice {
  std::string_view place;
  std::string with;
};

/// Appends `text` with all of `splices`, in whatever order they are.
void append_spliced(std::string& out, std::string_view text, std::vector<Splice> splices);

}  // namespace archestra::providers::json
