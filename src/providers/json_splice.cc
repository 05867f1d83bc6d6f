#include "providers/json_splice.h"

#include <algorithm>

#include "base/assert.h"

namespace archestra::providers::json {

void append_spliced(std::string& out, std::string_view text, std::vector<Splice> splices) {
  const auto offset_of = [text](const Splice& splice) { return splice.place.data() - text.data(); };
  std::ranges::sort(splices, {}, offset_of);
  std::size_t written = 0;
  for (const Splice& splice : splices) {
    const std::size_t at = static_cast<std::size_t>(offset_of(splice));
    ARCHESTRA_ASSERT(at >= written && at + splice.place.size() <= text.size(), "places lie in the text");
    out.append(text.substr(written, at - written)).append(splice.with);
    written = at + splice.place.size();
  }
  out.append(text.substr(written));
}

}  // namespace archestra::providers::json
