// What the simulator was asked and how it went, for tests: the last calls in a bounded ring, read by
// GET /sim/calls, and, for runs of more calls than that, a line for each in a file. Copies heads and bodies,
// so benchmarks switch it off. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/head.h"
#include "simulator/figures.h"

namespace archestra::simulator {

/// When the parts of an answer were handed to the socket, by the simulator's own monotonic clock, since the
/// request was there as a whole.
struct SentTimes {
  static constexpr std::size_t kTimesMax = 10'000;  ///< of later pieces none is noted
  std::vector<base::Duration> pieces;               ///< each piece of the body, an event of a stream
  std::vector<base::Duration> tokens;               ///< of them, those that keep to the pace of tokens
};

/// How a call ended.
struct CallEnd {
  int status = 0;  ///< 0: nothing was answered
  bool stream = false;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  bool client_closed = false;  ///< the client left before the answer was complete
  bool whole = false;          ///< all of the answer was handed to the socket
  SentTimes sent;
  std::optional<TokenFigures> usage;  ///< that the answer told, or would have told at its end
};

class Journal {
 public:
  /// `calls_max` 0: nothing is remembered, nor written to `file`, which "" means for itself.
  Journal(std::size_t calls_max, const std::string& file);
  bool remembers() const { return calls_max_ > 0; }

  /// Notes a call that begins. Credentials are cut to their scheme and last four characters.
  std::uint64_t begin(const http::RequestHead& head, std::string_view body);
  void end(std::uint64_t sequence, CallEnd how);
  void clear();
  /// A JSON array, oldest first; calls in flight have "ended_ms": null. With an `id` only the calls whose
  /// x-sim-id it is.
  std::string json(std::string_view id) const;

 private:
  struct Entry {
    std::uint64_t sequence = 0;
    std::string id;
    std::string method;
    std::string target;
    std::string trace_parent;
    std::string headers;  // the inside of a JSON object
    std::string body;     // at most kBodyBytesMax of it
    std::size_t body_bytes = 0;
    std::int64_t started_ms = 0;
    std::int64_t ended_ms = 0;  // 0: in flight
    CallEnd how;
  };
  static constexpr std::size_t kBodyBytesMax = std::size_t{64} << 10;
  static constexpr std::size_t kKeptBytesMax = std::size_t{64} << 20;  // of all bodies
  static void append_facts(std::string& out, const Entry& entry);
  static void append(std::string& out, const Entry& entry);

  const std::size_t calls_max_;
  std::uint64_t next_sequence_ = 1;
  std::size_t kept_bytes_ = 0;
  std::deque<Entry> entries_;  // sequences without a gap
  std::ofstream file_;
};

}  // namespace archestra::simulator
