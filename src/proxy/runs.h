// Views of body content on their way out, and the framing they leave with.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "http_io/outbox.h"

namespace archestra::proxy {

/// Views of body content in order; who owns the bytes keeps them until they are sent.
class Runs {
 public:
  static constexpr std::size_t kMax = 48;
  void add(std::string_view run) {
    if (run.empty()) return;
    runs_[count_++] = run;
    bytes_ += run.size();
  }
  /// Leaves room for the one run that a gate may add when a read is used up.
  bool full() const { return count_ >= kMax - 1; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return bytes_; }
  std::span<const std::string_view> all() const { return {runs_.data(), count_}; }
  void clear() { count_ = bytes_ = 0; }

 private:
  std::array<std::string_view, kMax> runs_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

using http_io::ChunkSize;

enum class Framed : bool { kPlain, kChunked };
enum class Last : bool { kNo, kYes };

/// Adds `runs` to `box`: as they are, or as one chunk, with the last chunk behind it where the body ends.
void pack(const Runs& runs, Framed framed, Last last, ChunkSize& size, http_io::Outbox& box);

}  // namespace archestra::proxy
