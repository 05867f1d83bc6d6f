// What the agent's policies have to do with a call, before it goes upstream and once its answer's head has
// come.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/json_text.h"
#include "proxy/exchange.h"

namespace archestra::proxy {
namespace {

using call::Outcome;

// An answer of this operation might bring calls, and nobody would read them.
constexpr std::string_view kUncheckedOperation =
    "The tool policies of this agent could block calls, and answers of this operation are not checked.";
constexpr std::string_view kUnreadableHistory =
    "A policy may block results of tools, and the body of this request could not be read.";

// `body` with all `edits`, which are in order, in a block of the pool; empty where there is no memory.
base::Buffer edited(std::string_view body, std::span<const providers::BodyEdit> edits, base::BufferPool& pool,
                    std::size_t memory_bytes_max, std::size_t& size) {
  size = body.size();
  for (const providers::BodyEdit& edit : edits) size += edit.inserted.size() - edit.removed;
  if (pool.bytes_in_use() + size > memory_bytes_max) return {};
  base::Buffer buffer = pool.try_take(std::max<std::size_t>(size, 1));
  if (!buffer) return buffer;
  char* to = buffer.data();
  const auto append = [&to](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
  };
  std::size_t from = 0;
  for (const providers::BodyEdit& edit : edits) {
    append(body.substr(from, edit.offset - from));
    append(edit.inserted);
    from = edit.offset + edit.removed;
  }
  append(body.substr(from));
  ARCHESTRA_ASSERT(to == buffer.data() + size, "an edited body is as long as was reckoned");
  return buffer;
}

}  // namespace

// Of an operation that only passes through nobody reads the answer.
bool Exchange::admit_operation(Refusal& refusal) {
  policy_.begin(shard_.policies, *agent_);
  if (route_.operation->observed || !policy_.could_ever_block() ||
      provider_->brings_no_tool_calls(heads_.request.method, route_))
    return true;
  refusal = {403, Outcome::kInvalidRequest, "operation_not_checked", kUncheckedOperation};
  return false;
}

// The results in a request say whether its context can be trusted; some must not reach the model.
bool Exchange::apply_policies(Refusal& refusal) {
  learn_tools();
  if (!policy_.wants_history()) return true;
  std::string scratch;
  const std::string_view whole = base::with_whole_characters(body_.content, scratch);
  const std::size_t slack = whole.data() == body_.content.data() ? base::BufferPool::kSlack : 0;
  CallPolicy::History history = policy_.read_history(provider_->tool_history(route_, whole, slack));
  if (history.is_refused) {
    refusal = {400, Outcome::kInvalidRequest, "history_not_readable", kUnreadableHistory};
    return false;
  }
  if (history.edits.empty()) return true;
  std::ranges::sort(history.edits, {}, &providers::BodyEdit::offset);
  std::size_t size = 0;
  base::Buffer body =
      edited(body_.content, history.edits, shard_.buffers, settings_.body.memory_bytes_max, size);
  if (!body) {
    refusal = {503, Outcome::kRefusedOverload, "overloaded", "The gateway holds too many request bodies.", 1};
    return false;
  }
  body_ = {.content = {body.data(), size}, .storage = std::move(body)};
  // Where the usage option goes has moved.
  inspect_body();
  return true;
}

// Each set of tools is read once on a shard; a queue that is full is tried again with the next request.
void Exchange::learn_tools() {
  if (request_facts_.tools_hash == 0 || shard_.knows_tools(agent_->id, request_facts_.tools_hash)) return;
  if (shard_.tools.try_learn(agent_,
                             provider_->declared_tools(route_, body_.content, base::BufferPool::kSlack)))
    shard_.remember_tools(agent_->id, request_facts_.tools_hash);
}

// Whether the answer to this try may wait for a judgement: then it is asked for in no coding.
bool Exchange::holds_answer() const { return route_.operation->observed && policy_.could_block(); }

// What guards the answer whose head has come; none for one that has no calls, or that the client takes for an
// error.
void Exchange::set_guard() {
  guard_.reset();
  if (scan_ == nullptr || heads_.response->status >= kFirstErrorStatus) return;
  guard_.emplace(*provider_, route_, request_facts_, policy_, shard_.buffers,
                 GuardLimits{.held_bytes_max = settings_.held_bytes_max,
                             .memory_bytes_max = settings_.body.memory_bytes_max});
  if (!guard_->can_read()) guard_.reset();
}

}  // namespace archestra::proxy
