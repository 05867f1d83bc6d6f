// The tries of a call: each from its span id to an answer that is relayed, or to the pause before the next.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "call/error_meaning.h"
#include "http/head_writer.h"
#include "http/retry_after.h"
#include "http_io/outbox.h"
#include "proxy/exchange.h"

namespace archestra::proxy {
namespace {

using base::ErrorCode;
using call::Outcome;
using call::TimeLimit;
using http::HeaderId;

// An answer that nobody will see is read to its end for the sake of its connection, if that is cheaper than a
// new one.
constexpr std::size_t kDiscardedBytesMax = std::size_t{64} << 10;
constexpr base::Duration kDiscardTimeout = std::chrono::milliseconds(250);

}  // namespace

net::Task<void> Exchange::try_until_answered() {
  while (const auto pause = co_await attempt())
    if (!co_await wait_out(*pause)) co_return;
}

// The pause, where the call is to be tried again; else it is over.
net::Task<std::optional<Pause>> Exchange::attempt() {
  begin_try();
  auto upstream = co_await connect();
  auto step = Step::kStale;
  while (upstream) {
    try_->request_sent = false;
    try_->sent_before = (*upstream)->stream().sent_bytes();
    step = co_await send_request(**upstream);
    if (step == Step::kDone) step = co_await read_response_head(**upstream);
    if (step != Step::kStale) break;
    // The same try, which has not come to anything yet. A fresh connection cannot be stale.
    base::log(base::LogLevel::kDebug, "stale connection replaced",
              {{"provider", provider_->name()}, {"host", try_->record.server_address}});
    upstream = co_await dial(UpstreamConnection::retire(std::move(*upstream)));
  }
  if (!upstream) {
    const auto pause = pause_after_connect(upstream.error());
    if (!pause) co_await fail_before_head(upstream.error(), TimeLimit::kConnect);
    co_return pause;
  }
  if (step == Step::kCallIsOver) co_return std::nullopt;
  const auto pause = pause_after_answer();
  if (pause)
    co_await discard_answer(std::move(*upstream));
  else
    co_await relay_response(std::move(*upstream));
  co_return pause;
}

void Exchange::begin_try() {
  const auto now = base::monotonic_now();
  if (try_) {
    try_->record.retried_after = now - (try_->started + try_->record.duration);
    earlier_tries_.push_back(std::move(*try_));
  } else {
    total_deadline_ = now + settings_.timeouts.total;
  }
  const Target& target = settings_.target_of(*provider_);
  try_.emplace().started = now;
  call::TryRecord& record = try_->record;
  record.span_id = base::new_span_id(shard_.random);
  record.started_at = started_at_ + (now - started_);  // so that a step of the clock parts no spans
  record.server_address = target.endpoint.host;
  record.server_port = target.endpoint.port;
}

net::Task<base::Result<UpstreamPtr>> Exchange::connect() {
  const Target& target = settings_.target_of(*provider_);
  UpstreamPool& pool = shard_.upstreams;
  net::Readiness& client = client_.stream().readiness;
  if (UpstreamPtr warm = pool.try_take(target)) co_return warm;
  // To wait for the others is time of ours: the limit is.
  auto turn = co_await pool.wait_for_turn(
      target, std::min(shard_.loop.now() + settings_.timeouts.connect, total_deadline_), client);
  if (!turn) co_return base::fail(turn.error());
  if (turn->connection) co_return std::move(turn->connection);
  co_return co_await dial(std::move(turn->place));
}

net::Task<base::Result<UpstreamPtr>> Exchange::dial(UpstreamPlace place) {
  const auto began = base::monotonic_now();
  const auto deadline = std::min(began + settings_.timeouts.connect, total_deadline_);
  auto dialled = co_await shard_.upstreams.dial(std::move(place), deadline, client_.stream().readiness);
  waits_.upstream += base::monotonic_now() - began;
  co_return dialled;
}

net::Task<Exchange::Step> Exchange::send_request(UpstreamConnection& upstream) {
  const Target& target = settings_.target_of(*provider_);
  const bool whole = route_.operation->observed;
  const providers::BodyEdit& edit = request_facts_.usage_option;
  UpstreamRequest request{
      .head = heads_.request,
      .target = target,
      .prefix = route_.upstream_prefix,
      .path = route_.upstream_path,
      .framing = framing_,
      .traceparent = {.trace_id = trace_.trace_id,
                      .parent_id = try_->record.span_id,
                      .sampled = trace_.sampled,
                      .random = trace_.random},
      .keep_tracestate = !tracestate_.empty(),
      .encoding = edit.empty() && !holds_answer() ? Encoding::kAsAsked : Encoding::kIdentity};
  if (whole && framing_.kind != http::BodyKind::kNone)
    request.framing = {.kind = http::BodyKind::kLength,
                       .length = body_.content.size() - edit.removed + edit.inserted.size()};
  // An announced length of 0 goes on: without any, servers answer a POST with 411.
  if (framing_.kind == http::BodyKind::kNone && heads_.request.fields.has(HeaderId::kContentLength))
    request.framing = {.kind = http::BodyKind::kLength, .length = 0};
  base::Buffer head_bytes = shard_.buffers.take(upstream_head_room(request));
  http::HeadWriter head({head_bytes.data(), head_bytes.size()});
  write_upstream_head(request, head);
  ARCHESTRA_ASSERT(head.ok(), "a forwarded head fits the room made for it");

  http_io::Outbox box;
  box.add(head.written());
  if (whole) {
    box.add(body_.content.substr(0, edit.offset));
    box.add(edit.inserted);
    box.add(body_.content.substr(edit.offset + edit.removed));
  }
  const UploadPlan plan{.client = client_.http(),
                        .upstream = upstream.http(),
                        .response_limits = settings_.upstream_head,
                        .client_timeout = settings_.client_body_timeout,
                        .upstream_limits = {.stall = settings_.timeouts.idle, .deadline = total_deadline_},
                        .waits = waits_};
  const UploadResult sent = co_await send_upstream(plan, box);
  if (sent.end == UploadEnd::kUpstreamFailed && was_stale(upstream, sent.error)) co_return Step::kStale;
  if (sent.end != UploadEnd::kComplete || whole || framing_.kind == http::BodyKind::kNone)
    co_return co_await after_upload(sent);

  co_await send_continue();
  client_.http().source().start_body(framing_);
  const UploadResult uploaded = co_await upload(plan, framing_.kind);
  request_body_bytes_ = uploaded.body_bytes;
  body_consumed_ = uploaded.end == UploadEnd::kComplete;
  co_return co_await after_upload(uploaded);
}

// Whether a response is to be expected.
net::Task<Exchange::Step> Exchange::after_upload(UploadResult result) {
  switch (result.end) {
    case UploadEnd::kComplete:
      try_->request_sent = true;
      co_return Step::kDone;
    case UploadEnd::kAnsweredEarly:
      co_return Step::kDone;
    case UploadEnd::kClientGone:
      co_await client_left();
      co_return Step::kCallIsOver;
    case UploadEnd::kUpstreamFailed:
      co_await fail_before_head(result.error, TimeLimit::kIdle);
      co_return Step::kCallIsOver;
    case UploadEnd::kClientFailed:
      break;
  }
  try_->end();
  const bool is_late = result.error.code == ErrorCode::kTimeout;
  co_await refuse({is_late ? 408 : 400, Outcome::kInvalidRequest, is_late ? "request_timeout" : "bad_request",
                   result.error.what});
  co_return Step::kCallIsOver;
}

net::Task<Exchange::Step> Exchange::read_response_head(UpstreamConnection& upstream) {
  const auto began = base::monotonic_now();
  const auto deadline = std::min(began + settings_.timeouts.first_byte, total_deadline_);
  if (heads_.response == nullptr) heads_.response = shard_.take_response_head();
  http::ResponseHead& head = *heads_.response;
  const auto read = co_await upstream.http().read_head(head, settings_.upstream_head, deadline,
                                                       &client_.stream().readiness);
  try_->answered = base::monotonic_now();
  waits_.upstream += try_->answered - began;
  if (!read) {
    if (was_stale(upstream, read.error())) co_return Step::kStale;
    co_await fail_before_head(read.error(), TimeLimit::kFirstByte);
    co_return Step::kCallIsOver;
  }
  // A head whose framing makes no sense is no head: nothing in it is believed.
  const auto framing = http::response_framing(
      head, heads_.request.method == "HEAD" ? http::AnswerTo::kHead : http::AnswerTo::kOther);
  if (!framing) {
    co_await fail_before_head(framing.error(), TimeLimit::kFirstByte);
    co_return Step::kCallIsOver;
  }
  try_->response_framing = *framing;
  try_->upstream_persists = try_->request_sent && framing->kind != http::BodyKind::kUntilClose &&
                            http::is_persistent(head.minor_version, head.fields);
  if (const auto timeout = http::keep_alive_timeout(head.fields)) upstream.keep_at_most(*timeout);
  try_->record.time_to_first_byte = try_->answered - try_->started;
  try_->record.status_code = head.status;
  if (try_->record.status_code >= 200 && try_->record.status_code < kFirstErrorStatus)
    shard_.observer.on_call_accepted({.route = route_,
                                      .agent = agent_,
                                      .requested_model = request_facts_.model,
                                      .stream = request_facts_.stream,
                                      .status_code = try_->record.status_code});
  co_return Step::kDone;
}

// Whether the request can go out once more. A body that streamed through is gone.
bool Exchange::is_repeatable() const {
  return route_.operation->observed || framing_.kind == http::BodyKind::kNone;
}

// Whether an unused connection had ended when the request was sent on it, and a fresh one may carry the same:
// docs/decisions/0007-stale-connections.md.
bool Exchange::was_stale(UpstreamConnection& upstream, base::Error error) const {
  const bool is_end = error.code == ErrorCode::kClosed || error.code == ErrorCode::kReset;
  if (!is_end || !upstream.is_reused() || !is_repeatable()) return false;
  const net::Stream& stream = upstream.stream();
  if (stream.sent_bytes() == try_->sent_before && !try_->request_sent) return true;
  if (!upstream.http().is_untouched()) return false;
  return http::is_idempotent(heads_.request.method) ||
         (error.code == ErrorCode::kClosed && stream.ended_before_taking(try_->sent_before));
}

// --- Once more? ------------------------------------------------------------------------------------------

std::optional<Pause> Exchange::pause_after_connect(base::Error error) {
  const net::Readiness& client = client_.stream().readiness;
  const call::ErrorMeaning& meaning = call::meaning_before_head(error.code, passed(TimeLimit::kConnect));
  const bool is_of_upstream =
      meaning.outcome == Outcome::kUpstreamUnreachable || meaning.outcome == Outcome::kUpstreamTimeout;
  if (!is_of_upstream || client.cancelled || client.gone) return std::nullopt;
  const auto pause = pause_after(0, std::nullopt);
  if (pause) {
    try_->end();
    try_->settle(meaning.outcome, meaning.code);
    log_failure(error, meaning);
  }
  return pause;
}

std::optional<Pause> Exchange::pause_after_answer() {
  const http::ResponseHead& head = *heads_.response;
  const http::Fields& fields = head.fields;
  if (!fields.has(HeaderId::kRetryAfter)) return pause_after(head.status, std::nullopt);
  return pause_after(head.status,
                     http::parse_retry_after(fields.value_of(HeaderId::kRetryAfter), base::wall_now()));
}

std::optional<Pause> Exchange::pause_after(int status_code, std::optional<base::Duration> retry_after) {
  const auto tries_before = static_cast<unsigned>(earlier_tries_.size());
  // As nearly always: nobody needs to look at a clock for it.
  if (is_last_try(settings_.retry, tries_before)) return std::nullopt;
  return pause_before_retry(settings_.retry, {.status_code = status_code,
                                              .retry_after = retry_after,
                                              .tries_before = tries_before,
                                              .is_repeatable = is_repeatable(),
                                              .time_left = total_deadline_ - base::monotonic_now(),
                                              .chance = shard_.random.unit()});
}

// Only where the call is tried again: a last answer goes to the client, whatever it says.
net::Task<void> Exchange::discard_answer(UpstreamPtr upstream) {
  RelayEnd end = RelayEnd::kUpstreamFailed;
  if (try_->upstream_persists) {
    const auto began = base::monotonic_now();
    const auto body = co_await http_io::read_whole_body(upstream->http().source(), try_->response_framing,
                                                        {.body_bytes_max = kDiscardedBytesMax},
                                                        std::min(began + kDiscardTimeout, total_deadline_));
    waits_.upstream += base::monotonic_now() - began;
    if (body) end = RelayEnd::kComplete;
  }
  let_go(std::move(upstream), end);
  try_->end();
  try_->settle(Outcome::kUpstreamError, std::to_string(try_->record.status_code));
}

// False where the call has ended meanwhile. What the upstream asked for is time spent waiting for it; what is
// waited beyond that is the gateway's own.
net::Task<bool> Exchange::wait_out(Pause pause) {
  const auto began = try_->started + try_->record.duration;
  net::Readiness& client = client_.stream().readiness;
  co_await net::Wait(shard_.loop, {{&client, net::Interest::kGone}}, began + pause.length);
  waits_.upstream += std::min(base::monotonic_now() - began, pause.asked_for);
  if (!client.gone && !client.cancelled) co_return true;
  co_await client_left();
  co_return false;
}

// A connection that is clean on both sides is kept; a reset tells any other upstream that nobody listens.
void Exchange::let_go(UpstreamPtr upstream, RelayEnd end) {
  const bool is_clean =
      end == RelayEnd::kComplete && try_->upstream_persists && upstream->http().source().buffered().empty();
  if (is_clean)
    shard_.upstreams.give_back(std::move(upstream));
  else
    upstream->stream().abort();
}

}  // namespace archestra::proxy
