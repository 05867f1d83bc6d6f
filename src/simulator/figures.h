// The token figures of an answer, the same for every dialect; each dialect writes them in its own way.
#pragma once

#include <cstdint>
#include <string_view>

namespace archestra::simulator {

struct TokenFigures {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;       ///< part of the prompt, read from a cache
  std::uint64_t cache_write_tokens = 0;  ///< another part of the prompt, written to a cache
  std::uint64_t tool_prompt_tokens = 0;  ///< beside the prompt: what the provider's own tools brought in
  std::uint64_t completion_tokens = 0;
  std::uint64_t reasoning_tokens = 0;  ///< part of the completion; the visible text does not shrink for it
};

/// The figures for a request: they depend on its body, the tokens asked for and the seed, so that a
/// test can know them. About a quarter of requests have cached tokens, a quarter reasoning tokens, and a
/// quarter tokens written to a cache.
TokenFigures token_figures(std::string_view body, std::uint64_t tokens, std::uint64_t seed);

/// Those of an operation that only reads: embeddings, token counts.
inline TokenFigures prompt_figures(std::string_view body, std::uint64_t seed) {
  return {.prompt_tokens = token_figures(body, 0, seed).prompt_tokens};
}

}  // namespace archestra::simulator
