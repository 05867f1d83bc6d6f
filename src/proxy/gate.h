// The gate through which every byte of a response body passes on its way to the client
// (docs/decisions/0001-the-gate.md). Where no rule may change the response, bytes pass at once and are read
// afterwards; where one may, whole events wait for their verdict. What is read of an encoded body is decoded:
// it passes encoded where it is only observed, and decoded where it is decided about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "call/delivery.h"
#include "http/content_decoder.h"
#include "http/json_array.h"
#include "http/sse.h"
#include "providers/provider.h"
#include "proxy/body_collector.h"
#include "proxy/pace.h"
#include "proxy/runs.h"
#include "proxy/tool_guard.h"

namespace archestra::proxy {

/// What the body is to the gate.
enum class GateMode : std::uint8_t {
  kPass,             ///< nothing is read
  kObserveBody,      ///< one JSON document: passes at once, read when it is whole
  kObserveElements,  ///< a JSON array of events: pass at once, each read when it is whole
  kObserveEvents,    ///< server-sent events: pass at once, each read when it is whole
  kDecideBody,       ///< one body: waits until it is whole and judged
  kDecideElements,   ///< a JSON array of events: each waits until it is whole and judged
  kDecideEvents,     ///< server-sent events: each waits until it is whole and judged
};

/// Whether a rule may change what comes.
constexpr bool decides(GateMode mode) { return mode >= GateMode::kDecideBody; }

struct GateLimits {
  std::size_t scan_bytes_max;   ///< of a JSON body that is read
  std::size_t event_bytes_max;  ///< of an event that is read
  std::size_t memory_bytes_max =
      BodyCollector::kNoLimit;  ///< of all buffers of the pool, beyond which no body is kept for reading
  std::uint64_t decoded_bytes_max = std::uint64_t{1} << 30;  ///< of events that come encoded, in all
};

class Gate {
 public:
  /// `scan` may be null for kPass only, and `guard` for all but kDecideBody and kDecideElements; both outlive
  /// the gate. `content` reads what the scan reads, and outlives the gate; null for none. `coding` is the
  /// body's; kUnknown for kPass only.
  Gate(GateMode mode, providers::ResponseScan* scan, GateLimits limits, base::BufferPool& pool,
       http::ContentCoding coding = http::ContentCoding::kIdentity, ToolGuard* guard = nullptr,
       providers::ContentReader* content = nullptr);

  /// One run of content that arrived at `now`; in a pooled buffer. What may leave at once goes to `out`.
  /// Fails where the run cannot be decoded and would have to be: of the body nothing more can leave then but
  /// what let_go() gives.
  base::Result<void> take_in(std::string_view run, base::MonotonicTime now, Runs& out);
  /// Whether there is more in the last run than was judged: a few bytes may stand for many. Then that has to
  /// leave first, and take_rest() goes on, before anything else is taken in.
  bool is_full() const { return decides(mode_) && !content_.used_up(); }
  base::Result<void> take_rest(base::MonotonicTime now);
  /// Whether nothing is needed any more of the runs that were taken in: what leaves of them is a copy.
  bool has_copied_all() const { return decides(mode_) && mode_ != GateMode::kDecideBody && !is_full(); }
  /// After the last run of a read, or where it is full: what was judged goes to `out`. Valid until the next
  /// take_in() or take_rest().
  void collect(Runs& out);
  /// The body has ended: as let_go(), or kReset where a coding that has to be taken off has not ended.
  base::Result<void> finish(Runs& out);
  /// The body has broken off: as collect(), and with what was still held.
  void let_go(Runs& out);
  /// Reads what has just left. Call after the bytes were sent, with what take_in() gave.
  void observe(const Runs& sent, base::MonotonicTime arrived);
  /// Reads what could not be sent, or not all of it: instead of observe(). Nothing is delivered from then on.
  void observe_lost(const Runs& unsent, base::MonotonicTime arrived);
  /// The buffer behind the runs so far is about to be used again.
  void release_views() { body_.release_view(); }
  /// After the last observe(): reads a collected body.
  void conclude();

  const Pace& pace() const { return pace_; }
  /// How much of the answer was sent; `is_complete` is for the relay to say.
  call::Delivery delivery() const;
  /// Why an encoded body that passed was not read to its end, if so: what the scan has of it is not all.
  const std::optional<base::Error>& unread() const { return unread_; }
  /// Whether an event was too long to be read, so that the scan may lack what the response told.
  bool skipped_event() const { return skipped_event_ || elements_.left_any_out(); }

 private:
  base::Result<void> judge_fed(base::MonotonicTime now);
  void take_piece(std::string_view piece, base::MonotonicTime now);
  void judge_events(base::MonotonicTime now);
  void judge_elements(base::MonotonicTime now);
  providers::Verdict scan_event(std::string_view raw);
  void judge(std::string_view gap, std::string_view raw, base::MonotonicTime now);
  void let_end(Runs& out);
  bool guards() const { return guard_ != nullptr && guard_->mode() == GuardMode::kHold; }
  void read_runs(const Runs& runs, base::MonotonicTime arrived);
  base::Result<void> read_run(std::string_view run, base::MonotonicTime arrived);
  void read(std::string_view raw, base::MonotonicTime now);
  void stop_reading(base::Error error);
  void note_content(std::uint32_t events_before, base::MonotonicTime now);

  const GateMode mode_;
  providers::ResponseScan* const scan_;
  ToolGuard* const guard_;
  providers::ContentReader* const content_reader_;
  http::ContentDecoder content_;
  http::SseReader events_;
  http::JsonArrayReader elements_;
  BodyCollector body_;
  std::string passed_;  // kDecide...: what may leave, copied out of reads that do not live as long
  bool passed_is_out_ = false;
  bool skipped_event_ = false;
  Pace pace_;
  bool lost_any_ = false;
  std::uint32_t events_passed_ = 0;  // kDecide...: of those with content, what may leave
  std::uint32_t events_delivered_ = 0;
  bool has_body_ = false;            // kDecideBody: any byte has come
  bool has_unread_element_ = false;  // kDecideElements: the guard knows of it
  std::optional<base::Error> unread_;
};

}  // namespace archestra::proxy
