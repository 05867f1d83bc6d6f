#include "providers/anthropic/message_stream.h"

#include <algorithm>

namespace archestra::providers::anthropic {
namespace {

using Type = MessageEvent::Type;

EventKind call_or_harmless(bool is_call) { return is_call ? EventKind::kToolCall : EventKind::kHarmless; }

}  // namespace

EventKind MessageStream::kind_of(const MessageEvent& event) const {
  const auto found = open_.find(event.index);
  const bool is_open = found != open_.end();
  switch (event.type) {
    case Type::kMessageStart:
      if (has_started_ || event.message.blocks.size() > kOpenBlocksMax) return EventKind::kUnread;
      return call_or_harmless(event.message.has_calls || event.message.stops_for_tools);
    case Type::kBlockStart:
      if (open_.size() >= kOpenBlocksMax) return EventKind::kUnread;
      return call_or_harmless(event.block.kind == BlockKind::kCall);
    case Type::kBlockDelta:
      if (is_open && found->second.kind == BlockKind::kCall) return EventKind::kToolCall;
      // A piece of arguments belongs to some tool.
      if (event.fragment && !(is_open && found->second.kind == BlockKind::kServerTool))
        return EventKind::kUnread;
      return EventKind::kHarmless;
    case Type::kBlockStop:
      return call_or_harmless(is_open && found->second.kind == BlockKind::kCall);
    case Type::kMessageDelta:
      return call_or_harmless(event.stops_for_tools);
    case Type::kMessageStop:
    case Type::kOther:
      break;
  }
  return EventKind::kHarmless;
}

void MessageStream::apply(const MessageEvent& event, std::size_t first_call) {
  switch (event.type) {
    case Type::kMessageStart:
      has_started_ = true;
      for (const Block& block : event.message.blocks) {
        open(blocks_begun_, {.kind = block.kind, .call = first_call});
        if (block.kind == BlockKind::kCall) ++first_call;
      }
      break;
    case Type::kBlockStart:
      open(event.index, {.kind = event.block.kind, .call = first_call});
      break;
    case Type::kBlockDelta:
      break;
    case Type::kBlockStop:
      open_.erase(event.index);
      break;
    case Type::kMessageDelta:
      has_stop_reason_ |= !event.stop_reason.is(json::View::Kind::kNull);
      return;
    case Type::kMessageStop:
    case Type::kOther:
      return;
  }
  has_named_ |= event.has_name;
  has_unnamed_ |= !event.has_name;
  is_in_order_ &= !(has_named_ && has_unnamed_);
}

OpenBlock* MessageStream::find(std::uint64_t index) {
  const auto found = open_.find(index);
  return found == open_.end() ? nullptr : &found->second;
}

void MessageStream::open(std::uint64_t index, OpenBlock block) {
  // Whoever only watches shows what comes from the first call on.
  if (!has_started_ && blocks_begun_ == 0) blocks_begun_ = index;
  is_in_order_ &= index == blocks_begun_;
  ++blocks_begun_;
  next_index_ = std::max(next_index_, index + 1);
  block.sent_as = index;
  open_[index] = block;
}

}  // namespace archestra::providers::anthropic
