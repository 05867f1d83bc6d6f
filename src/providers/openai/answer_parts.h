// What the answers of all operations have in common, and calls that are named more than once.
// Implementation detail: see json.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "call/usage.h"
#include "providers/json.h"

namespace archestra::providers::openai {

/// Adds what a usage object says, which responses words otherwise than the other operations. A figure that is
/// left out or null keeps its earlier value. False where `usage` is no object.
bool read_usage(json::ondemand::value usage, call::Usage& figures);

/// What an error object calls its error: the type, else the code. "" where it is no object.
std::string error_type_of(json::ondemand::value error);

/// The tool calls of one answer. A stream names each many times, by a number.
class ToolCalls {
 public:
  /// Whether the call is a new one. An answer with more than kMax of them is no answer.
  bool add(std::uint64_t number) {
    if (std::ranges::find(seen_, number) != seen_.end() || seen_.size() >= kMax) return false;
    seen_.push_back(number);
    return true;
  }
  std::size_t size() const { return seen_.size(); }
  /// Forgets the last ones, so that `size` are left.
  void cut(std::size_t size) { seen_.resize(size); }

  static constexpr std::uint64_t kMax = 4096;

 private:
  std::vector<std::uint64_t> seen_;
};

}  // namespace archestra::providers::openai
