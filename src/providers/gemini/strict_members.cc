#include "providers/gemini/strict_members.h"

#include <cstdint>

#include "base/assert.h"

namespace archestra::providers::gemini {

bool pick(json::View object, std::initializer_list<Field> fields) {
  std::uint64_t seen = 0;
  ARCHESTRA_ASSERT(fields.size() <= 64, "no object is asked for so much");
  for (const json::Member& member : object.members()) {
    std::uint64_t bit = 1;
    for (const Field& field : fields) {
      if (member.is(field.name) || (!field.snake_name.empty() && member.is(field.snake_name))) {
        if ((seen & bit) != 0) return false;
        seen |= bit;
        *field.value = member.value;
      }
      bit <<= 1;
    }
  }
  return true;
}

}  // namespace archestra::providers::gemini
