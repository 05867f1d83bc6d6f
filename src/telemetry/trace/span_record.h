// How a finished request crosses from its shard to the export thread: fixed headers and texts, copied
// into one record of the shard's ring. Everything is copied, agent and operation as text, so that a
// record means the same without the memory of the process that wrote it. Texts are cut at the limits
// of telemetry/text.h. What is left out: the query and the upstream path, which may hold a credential.
//
// Layout: PackedRequest (which begins with a RecordPrefix), [PackedCall, [PackedParameters], PackedTry...,
// call::Stall..., PackedDecision...], 16-bit lengths of all texts, texts. In the byte order of the machine.
// Both sides are in span_record.cc, in the same order. A record may be read after a crash, from a file, by
// another version than wrote it: reading takes any bytes, and a change of the layout is a new kRecordFormat.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_ring.h"
#include "call/call_record.h"

namespace archestra::telemetry {

inline constexpr std::size_t kRecordedTriesMax = 16;  ///< of more, the last ones are recorded
inline constexpr std::size_t kRecordedFinishReasonsMax = 128;
inline constexpr std::size_t kRecordedLabelsMax = 32;
inline constexpr std::size_t kRecordedDecisionsMax = 64;  ///< of more, the first ones are recorded

struct LabelView {
  std::string_view key;  ///< as the user wrote it
  std::string_view value;
};

inline constexpr std::uint16_t kRecordFormat = 2;

/// What a record of any format begins with, in this version and all later ones.
struct RecordPrefix {
  std::uint16_t format;  ///< kRecordFormat of the version that wrote it
  std::uint16_t
      spans;  ///< how many spans are lost with it where it cannot be read; 0 where it is not sampled
};

/// A record read back: the same nouns, as views of the record. Meant to be reused, so that reading
/// allocates nothing; holds pointers to itself, so it stays where it is.
struct FinishedRequest {
  FinishedRequest() = default;
  FinishedRequest(const FinishedRequest&) = delete;
  FinishedRequest& operator=(const FinishedRequest&) = delete;

  call::RequestRecord request;         ///< its `call` is null or points to the one below
  call::CallRecord call;               ///< its `agent` is null: see the texts below
  call::Operation operation;           ///< what call.route.operation points to
  call::RequestParameters parameters;  ///< what call.parameters points to, where it does
  std::string_view agent_id;           ///< "" where the agent is not known
  std::string_view agent_name;
  std::vector<LabelView> labels;
  std::vector<std::string_view> finish_reasons;
  std::vector<call::TryRecord> tries;
  std::vector<call::Stall> stalls;  ///< of all tries, in order
  /// The first ones, where any policy had a say; call.tool_decisions is empty.
  struct Decision {
    std::string_view tool;
    call::Decision decision;
    std::optional<base::Uuid> policy_id;
    std::string_view reason;
  };
  std::vector<Decision> decisions;
  std::size_t decisions_left_out = 0;
  call::CapturedContent content;  ///< what call.content points to, where it does
};

/// How many spans a request has: its own and one for each try.
inline std::size_t spans_of(const call::RequestRecord& request) {
  return 1 + (request.call != nullptr ? std::min(request.call->tries.size(), kRecordedTriesMax) : 0);
}

/// Whether captured content is recorded: nothing but a span may show it.
enum class RecordedContent : bool { kNone, kCaptured };

/// Copies a request into the ring. False where the ring is too full. The shard's thread.
bool write_record(const call::RequestRecord& request, base::ByteRing& ring,
                  RecordedContent content = RecordedContent::kNone);

/// Nothing where there are too few bytes.
std::optional<RecordPrefix> read_prefix(std::span<const std::byte> record);

/// Reads a record, which outlives the use of `out`. False where the bytes are not a whole record of our
/// format; `out` is then of no use. Whatever the bytes are, what was read may be encoded: numbers are in
/// their bounds, times can be added up; but texts may be no UTF-8. Memory is taken for what is there, not for
/// what a count says.
bool read_record(std::span<const std::byte> record, FinishedRequest& out);

}  // namespace archestra::telemetry
