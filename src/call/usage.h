// Token figures of one call, in the provider-independent definitions used everywhere:
// input includes cached tokens, output includes reasoning, so input + output is the provider's total.
#pragma once

#include <cstdint>
#include <string_view>

namespace archestra::call {

enum class Provenance : std::uint8_t {
  kUnknown,   ///< nobody told
  kEstimate,  ///< at least the output counted by us: the stream broke off before the usage came
  kProvider,  ///< the provider's last word
};

constexpr std::string_view name_of(Provenance provenance) {
  switch (provenance) {
    case Provenance::kEstimate:
      return "estimate";
    case Provenance::kProvider:
      return "provider";
    case Provenance::kUnknown:
      break;
  }
  return "unknown";
}

struct Usage {
  Provenance provenance = Provenance::kUnknown;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cache_read_tokens = 0;   ///< subset of input
  std::uint64_t cache_write_tokens = 0;  ///< subset of input
  std::uint64_t reasoning_tokens = 0;    ///< subset of output

  bool operator==(const Usage&) const = default;
};

}  // namespace archestra::call
