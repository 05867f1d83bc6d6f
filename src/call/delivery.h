// How much of an answer its client got.
#pragma once

#include <algorithm>
#include <cstdint>

namespace archestra::call {

/// Of one answer. What was handed to the client's socket counts as delivered: what the client's system had
/// taken when the client left, nobody can know.
struct Delivery {
  std::uint32_t events = 0;            ///< events with content that came from the upstream
  std::uint32_t events_delivered = 0;  ///< of them, those that were handed over to their last byte
  bool is_complete = false;            ///< the answer was relayed to its end

  /// Of so many output tokens those that the client did not get. None of an answer that was relayed to its
  /// end. Of a stream that was not, the share that its undelivered events have of all events with content,
  /// rounded up: how many tokens are in which event nobody tells. Of any other answer all, for a part of a
  /// JSON document is of no use.
  std::uint64_t undelivered_of(std::uint64_t output_tokens) const {
    if (is_complete) return 0;
    if (events == 0) return output_tokens;
    __extension__ using Wide = unsigned __int128;
    const Wide missing = Wide{output_tokens} * (events - std::min(events, events_delivered));
    return static_cast<std::uint64_t>((missing + events - 1) / events);
  }
};

}  // namespace archestra::call
