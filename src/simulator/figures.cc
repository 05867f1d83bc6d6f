#include "simulator/figures.h"

#include <functional>

#include "base/ids.h"

namespace archestra::simulator {

TokenFigures token_figures(std::string_view body, std::uint64_t tokens, std::uint64_t seed) {
  base::Random random(seed ^ std::hash<std::string_view>()(body));
  TokenFigures figures{.prompt_tokens = 8 + body.size() / 4 + random.below(4), .completion_tokens = tokens};
  if (random.below(4) == 0) figures.cached_tokens = figures.prompt_tokens / 2;
  if (random.below(4) == 0) figures.reasoning_tokens = tokens / 2;
  if (random.below(4) == 0) figures.cache_write_tokens = figures.prompt_tokens / 4;
  return figures;
}

}  // namespace archestra::simulator
