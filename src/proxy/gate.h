// The gate through which every byte of a response body passes on its way to the client
// (docs/decisions/0001-the-gate.md). Where no rule may change the response, bytes pass at once and are read
// afterwards; where one may, whole events wait for their verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "http/sse.h"
#include "providers/provider.h"
#include "proxy/body_collector.h"
#include "proxy/runs.h"

namespace archestra::proxy {

/// What the body is to the gate.
enum class GateMode : std::uint8_t {
  kPass,           ///< nothing is read
  kObserveBody,    ///< one JSON document: passes at once, read when it is whole
  kObserveEvents,  ///< server-sent events: pass at once, each read when it is whole
  kDecideEvents,   ///< server-sent events: each waits until it is whole and judged
};

struct GateLimits {
  std::size_t scan_bytes_max;   ///< of a JSON body that is read
  std::size_t event_bytes_max;  ///< of an event that is read
  std::size_t memory_bytes_max =
      BodyCollector::kNoLimit;  ///< of all buffers of the pool, beyond which no body is kept for reading
};

/// When the events that carried content went by.
struct TokenTimes {
  std::optional<base::MonotonicTime> first;
  std::optional<base::MonotonicTime> last;
};

class Gate {
 public:
  /// `scan` may be null for kPass only; it outlives the gate.
  Gate(GateMode mode, providers::ResponseScan* scan, GateLimits limits, base::BufferPool& pool)
      : mode_(mode),
        scan_(scan),
        events_(limits.event_bytes_max),
        body_(pool, limits.scan_bytes_max, limits.memory_bytes_max) {}

  /// One run of content that arrived at `now`; in a pooled buffer. What may leave at once goes to `out`.
  void take_in(std::string_view run, base::MonotonicTime now, Runs& out);
  /// After the last run of a read: what was judged in it goes to `out`. Valid until the next take_in().
  void collect(Runs& out);
  /// The body has ended, or broken off: as collect(), and with what was still held.
  void finish(Runs& out);
  /// Reads what has just left. Call after the bytes were sent, with what take_in() gave.
  void observe(const Runs& sent, base::MonotonicTime arrived);
  /// The buffer behind the runs so far is about to be used again.
  void release_views() { body_.release_view(); }
  /// After the last observe(): reads a collected body.
  void conclude();

  const TokenTimes& token_times() const { return token_times_; }

 private:
  void judge(std::string_view raw, base::MonotonicTime now);
  void read(std::string_view raw, base::MonotonicTime now);
  void note_content(std::uint32_t events_before, base::MonotonicTime now);

  const GateMode mode_;
  providers::ResponseScan* const scan_;
  http::SseReader events_;
  BodyCollector body_;
  std::string passed_;  // kDecideEvents: what may leave, copied out of reads that do not live as long
  bool passed_is_out_ = false;
  TokenTimes token_times_;
};

}  // namespace archestra::proxy
