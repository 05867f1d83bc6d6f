// How an exchange ends, whatever became of it, and the record that is made of it.
#include <algorithm>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "call/error_meaning.h"
#include "http/url.h"
#include "proxy/exchange.h"
#include "proxy/request_labels.h"

namespace archestra::proxy {
namespace {

using base::ErrorCode;
using call::Outcome;
using http::HeaderId;

constexpr int kClientLeft = 499;  // nginx's number for a client that closed its request

constinit base::LogLimit g_tls_failures;

}  // namespace

void Exchange::settle(Outcome outcome, std::string_view error_type) {
  if (outcome_) return;
  outcome_ = outcome;
  error_type_ = error_type;
}

// The client must see that its answer is not whole: no last chunk, or fewer bytes than announced. Where only
// the connection's end tells, it takes a reset, which may destroy what is still on its way.
void Exchange::break_off() {
  after_ = to_client_ == ClientFraming::kUntilClose ? AfterExchange::kAbort : AfterExchange::kClose;
}

net::Task<void> Exchange::client_left() {
  if (try_) try_->end();
  if (client_.was_cut_off()) {
    const call::ErrorMeaning& meaning = call::meaning_before_head(ErrorCode::kCancelled);
    if (!answering_)
      co_return co_await refuse({meaning.http_status, meaning.outcome, meaning.code, meaning.message});
    break_off();
    co_return settle(meaning.outcome, meaning.code);
  }
  after_ = AfterExchange::kClose;
  status_ = kClientLeft;
  settle(Outcome::kClientCancelled, "");
}

net::Task<void> Exchange::fail_before_head(base::Error error, call::TimeLimit limit) {
  try_->end();
  const net::Readiness& client = client_.stream().readiness;
  if (error.code == ErrorCode::kCancelled || client.cancelled || client.gone)
    co_return co_await client_left();
  const call::ErrorMeaning& meaning = call::meaning_before_head(error.code, passed(limit));
  log_failure(error, meaning);
  const unsigned retry_after_seconds = meaning.outcome == Outcome::kRefusedOverload ? 1 : 0;
  co_await refuse({meaning.http_status, meaning.outcome, meaning.code, meaning.message, retry_after_seconds});
}

// Which limit a time-out is of, where it is `limit` or that of the whole call.
call::TimeLimit Exchange::passed(call::TimeLimit limit) const {
  return base::monotonic_now() >= total_deadline_ ? call::TimeLimit::kTotal : limit;
}

void Exchange::log_failure(base::Error error, const call::ErrorMeaning& meaning) const {
  const base::LogField provider{"provider", provider_->name()};
  const base::LogField host{"host", try_->record.server_address};
  const base::LogField port{"port", try_->record.server_port};
  const std::string text = error.text();
  const base::LogField why{"why", std::string_view(text)};
  if (error.code != ErrorCode::kTls)
    return base::log(meaning.log_level, "upstream failed", {provider, host, port, why});
  // A certificate that is not accepted fails every call until somebody exchanges it.
  if (const auto left_out = g_tls_failures.admit())
    base::log(meaning.log_level, "upstream failed",
              {provider, host, port, why, {"lines_left_out", *left_out}});
}

net::Task<void> Exchange::refuse(Refusal refusal) {
  settle(refusal.outcome, refusal.code);
  std::string body;
  if (provider_ != nullptr) {
    body = provider_->error_body(refusal.status, refusal.code, refusal.message);
  } else {
    body = R"({"error":{"message":)";
    base::append_json_string(body, refusal.message);
    body += R"(,"type":)";
    base::append_json_string(body, refusal.code);
    body += "}}";
  }
  co_await reply({.status = refusal.status,
                  .body = body,
                  .error_code = refusal.code,
                  .retry_after_seconds = refusal.retry_after_seconds,
                  .allow = refusal.allow});
}

net::Task<void> Exchange::reply(LocalReply answer) {
  if (!body_consumed_) after_ = AfterExchange::kLinger;
  if (!keeps_alive() && after_ == AfterExchange::kKeepAlive) after_ = AfterExchange::kClose;
  answer.is_private = is_api_path(heads_.request.path());
  answer.keep_alive = after_ == AfterExchange::kKeepAlive;
  status_ = answer.status;
  response_body_bytes_ = answer.body.size();
  if (!co_await send_local_reply(client_.http(), heads_.request, answer, settings_.client_send_timeout)) {
    status_ = kClientLeft;
    after_ = AfterExchange::kClose;
  }
}

// --- The record: the one place where it is made ----------------------------------------------------------

void Exchange::finish() {
  const http::RequestHead& head = heads_.request;
  const auto host = http::parse_host(head.fields.value_of(HeaderId::kHost));
  const std::string client_address = settings_.trusted_proxies.client_of(client_.peer_ip(), head.fields);
  call::RequestRecord record{.trace = trace_,
                             .started_at = started_at_,
                             .duration = base::monotonic_now() - started_,
                             .method = http::known_method(head.method),
                             .route = route_template_,
                             .url_path = head.path(),
                             .status_code = status_,
                             .error_type = error_type_,
                             .server_address = host ? host->host : std::string_view(),
                             .server_port = host ? host->port : std::uint16_t{0},
                             .client_address = client_address,
                             .user_agent = head.fields.value_of(HeaderId::kUserAgent),
                             .http_minor_version = head.minor_version,
                             .is_https = settings_.identity != nullptr,
                             .request_body_bytes = request_body_bytes_,
                             .response_body_bytes = response_body_bytes_};
  call::CallRecord call;
  RecordParts parts;
  if (call_started_) {
    shard_.calls_in_flight.add(-1);
    finish_call(call, parts);
    call.gateway_time = record.duration - waits_.upstream - waits_.client;
    record.call = &call;
  }
  shard_.observer.on_request_finished(record);
}

void Exchange::finish_call(call::CallRecord& record, RecordParts& parts) {
  record.route = route_;
  record.agent = agent_;
  record.request_labels = read_request_labels(heads_.request.fields);
  record.requested_model = request_facts_.model;
  record.parameters = &request_facts_.parameters;
  record.stream = request_facts_.stream;
  record.tool_results = request_facts_.tool_results;
  record.policy = policy_.figures();
  record.outcome = outcome_.value_or(Outcome::kInternalError);
  if (scan_ != nullptr) {
    const providers::ResponseFacts& facts = scan_->facts();
    record.response_model = facts.model;
    record.response_id = facts.id;
    record.response_service_tier = facts.service_tier;
    record.system_fingerprint = facts.system_fingerprint;
    parts.finish_reasons.assign(facts.finish_reasons.begin(), facts.finish_reasons.end());
    record.finish_reasons = parts.finish_reasons;
    record.tool_calls = facts.tool_calls;
    record.tool_decisions = tool_decisions_;
    record.blocked_tool_calls = static_cast<std::uint32_t>(
        std::ranges::count(tool_decisions_, call::Decision::kBlocked, &call::ToolDecision::decision));
    record.usage = facts.usage;
    const bool broke_off_unknown =
        facts.usage.provenance == call::Provenance::kUnknown && !facts.ended && facts.content_events > 0;
    const bool lacks_last_word = broke_off_unknown || facts.usage.provenance == call::Provenance::kEstimate;
    if (lacks_last_word && unread_) {
      // Not the stream broke off but the reading of it: of the rest nothing can be guessed.
      record.usage = {};
    } else if (lacks_last_word) {
      // The stream broke off before the last word on usage came. Of the output about one token came with each
      // event, if the provider has not told of more by then; of the input what it told is known. A stream
      // that ended without usage had none to give: that stays unknown.
      record.usage.provenance = call::Provenance::kEstimate;
      record.usage.output_tokens = std::max<std::uint64_t>(record.usage.output_tokens, facts.content_events);
    }
    record.undelivered_tokens = delivery_.undelivered_of(record.usage.output_tokens);
  }
  if (!try_) return;
  if (captures_content()) {
    parts.texts = capture_content(settings_, *provider_, route_, heads_.request, body_.content,
                                  base::BufferPool::kSlack, content_reader_.get());
    parts.content = parts.texts.views();
    record.content = &parts.content;
  }
  // The try that the call ended with ended as it did; one whose next was still waited for has its own end.
  if (!try_->is_over)
    try_->settle(record.outcome,
                 call::is_span_error(record.outcome) ? std::string_view(error_type_) : std::string_view());
  record.tries = tell_tries(parts.tries);
}

// All in a row. Most calls have one, which need not be copied for that.
std::span<const call::TryRecord> Exchange::tell_tries(std::vector<call::TryRecord>& storage) {
  if (earlier_tries_.empty()) return {&try_->told(), 1};
  storage.reserve(earlier_tries_.size() + 1);
  for (Try& earlier : earlier_tries_) storage.push_back(earlier.told());
  storage.push_back(try_->told());
  return storage;
}

}  // namespace archestra::proxy
