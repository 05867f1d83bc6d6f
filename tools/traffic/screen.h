// How the traffic generator shows itself: a table that is redrawn in place on a terminal, a line now and
// then anywhere else. Pure text.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "traffic/figures.h"

namespace archestra::traffic {

/// What one refresh shows.
struct Snapshot {
  const Figures& figures;
  TokenCounts tokens;
  bool tokens_known = false;  ///< the metrics could be read
  double calls_per_second = 0;
  std::size_t in_flight = 0;
  base::Duration running{};
};

/// The table, lines ending in "\n".
std::string table_text(const Snapshot& snapshot);
/// The same in one line.
std::string line_text(const Snapshot& snapshot);

/// Draws tables over one another.
class Screen {
 public:
  enum class Mode : std::uint8_t { kTerminal, kLines };
  explicit Screen(Mode mode) : mode_(mode) {}

  /// Text for stdout once a second; "" where there is nothing to show now.
  std::string refresh(const Snapshot& snapshot);
  /// The last word.
  std::string finish(const Snapshot& snapshot);

 private:
  std::string in_place(const std::string& table);

  const Mode mode_;
  std::size_t lines_drawn_ = 0;
  std::uint64_t refreshes_ = 0;
};

}  // namespace archestra::traffic
