// How far a stream of a message has come: which blocks are open, and what each of them is. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "providers/anthropic/message_event.h"
#include "providers/tool_calls.h"

namespace archestra::providers::anthropic {

struct OpenBlock {
  BlockKind kind = BlockKind::kOther;
  std::size_t call = 0;        ///< of a kCall: which one it is
  bool has_fragments = false;  ///< likewise: arguments came in pieces
  std::uint64_t sent_as = 0;   ///< its index in what leaves
};

class MessageStream {
 public:
  /// What an event is where the stream stands.
  EventKind kind_of(const MessageEvent& event) const;
  /// Goes on by an event that was no kUnread. `first_call` is the number of the first call in it.
  void apply(const MessageEvent& event, std::size_t first_call);

  /// Null where no block with this index is open.
  OpenBlock* find(std::uint64_t index);

  bool has_started() const { return has_started_; }
  /// Whether the stream has said why the model stopped.
  bool has_stop_reason() const { return has_stop_reason_; }
  /// SDKs know blocks by their index or by their place. False where these differ, so that they may give a
  /// piece of arguments to different calls.
  bool is_in_order() const { return is_in_order_; }
  /// The index of the next block, if it comes as it should.
  std::uint64_t next_index() const { return next_index_; }

 private:
  void open(std::uint64_t index, OpenBlock block);

  // More than any message has open at a time.
  static constexpr std::size_t kOpenBlocksMax = 1024;

  std::unordered_map<std::uint64_t, OpenBlock> open_;
  std::uint64_t blocks_begun_ = 0;
  std::uint64_t next_index_ = 0;
  bool has_started_ = false;
  bool has_stop_reason_ = false;
  bool is_in_order_ = true;
  bool has_named_ = false;    // some SDKs see only events with a name
  bool has_unnamed_ = false;  // others see those too
};

}  // namespace archestra::providers::anthropic
