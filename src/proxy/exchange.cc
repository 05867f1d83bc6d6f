#include "proxy/exchange.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "call/error_meaning.h"
#include "http/head_writer.h"
#include "http/tracestate.h"
#include "http_io/outbox.h"
#include "proxy/content_json.h"
#include "proxy/own_urls.h"

namespace archestra::proxy {
namespace {

using base::ErrorCode;
using call::Outcome;
using http::HeaderId;

bool is_of_type(const http::ResponseHead& head, std::string_view wanted) {
  return http::is_media_type(head.fields.value_of(HeaderId::kContentType), wanted);
}

// What x-archestra-error says of a request that HTTP itself finds fault with.
std::string_view code_of(int status) {
  switch (status) {
    case 408:
      return "request_timeout";
    case 413:
      return "body_too_large";
    case 414:
      return "uri_too_long";
    case 431:
      return "head_too_large";
    default:
      return "bad_request";
  }
}

bool reads_events(GateMode mode) {
  return mode == GateMode::kObserveElements || mode == GateMode::kObserveEvents ||
         mode == GateMode::kDecideElements || mode == GateMode::kDecideEvents;
}

ClientBody client_body(GateMode mode, http::ContentCoding coding) {
  if (!decides(mode)) return ClientBody::kAsItCame;
  return coding == http::ContentCoding::kIdentity ? ClientBody::kChanged : ClientBody::kDecoded;
}

void log_unread(std::string_view host, std::string_view why) {
  base::log(base::LogLevel::kDebug, "an encoded answer was relayed and not read",
            {{"host", host}, {"why", why}});
}

}  // namespace

Exchange::Exchange(Shard& shard, ClientConnection& client, Heads& heads)
    : shard_(shard), client_(client), heads_(heads), settings_(*shard.settings) {}

net::Task<AfterExchange> Exchange::run() {
  begin();
  co_await serve();
  finish();
  co_return after_;
}

net::Task<AfterExchange> Exchange::run_refused(base::Error error) {
  heads_.request.clear();
  begin();
  after_ = AfterExchange::kLinger;
  co_await refuse({error.detail, Outcome::kInvalidRequest, code_of(error.detail), error.what});
  finish();
  co_return after_;
}

void Exchange::begin() {
  started_ = client_.http().request_started();
  waits_.client = client_.http().head_wait();
  started_at_ = base::wall_now() - waits_.client;  // but for the microsecond its parsing took
  trace_.span_id = base::new_span_id(shard_.random);
  const http::Fields& fields = heads_.request.fields;
  const auto parent = fields.count_of(HeaderId::kTraceparent) == 1
                          ? http::parse_traceparent(fields.value_of(HeaderId::kTraceparent))
                          : std::nullopt;
  if (parent) {
    trace_.trace_id = parent->trace_id;
    trace_.parent_span_id = parent->parent_id;
    trace_.random = parent->random;
    tracestate_ = http::read_tracestate(fields);
    trace_.tracestate = tracestate_;
  } else {
    trace_.trace_id = base::new_trace_id(shard_.random);
    trace_.random = true;
  }
  trace_.sampled =
      shard_.observer.should_sample(trace_.trace_id, parent ? std::optional(parent->sampled) : std::nullopt);
}

net::Task<void> Exchange::serve() {
  const http::RequestHead& head = heads_.request;
  const auto match = settings_.registry.match(head.method, head.target);
  if (match && *match) {
    provider_ = (*match)->provider;
    route_ = (*match)->route;
    route_template_ = route_.route_template;
  }
  const auto framing = http::request_framing(head);
  if (!framing || !match) {
    const base::Error error = framing ? match.error() : framing.error();
    co_return co_await refuse({error.detail, Outcome::kInvalidRequest, code_of(error.detail), error.what});
  }
  framing_ = *framing;
  if (framing_.kind == http::BodyKind::kLength && framing_.length == 0) framing_ = {};
  body_consumed_ = framing_.kind == http::BodyKind::kNone;
  if (provider_ != nullptr)
    co_await serve_call();
  else if (is_api_path(head.path()))
    co_await serve_api();
  else
    co_await serve_locally();
}

net::Task<void> Exchange::serve_locally() {
  const http::RequestHead& head = heads_.request;
  const std::string_view path = head.path();
  const bool is_read = head.method == "GET" || head.method == "HEAD";
  const bool is_probe = path == "/health" || path == "/ready";
  const http::SiteFile* file = nullptr;
  // Whoever has a base URL wrong by a letter gets an error and not a page.
  if (!is_probe && !path.starts_with("/v1")) file = http::find_file(settings_.site, path, head.fields);
  if (is_probe || file != nullptr) {
    route_template_ = file != nullptr ? http::template_of(*file) : path == "/health" ? "/health" : "/ready";
    if (!is_read) {
      co_return co_await refuse({.status = 405,
                                 .outcome = Outcome::kInvalidRequest,
                                 .code = "method_not_allowed",
                                 .message = "Only GET and HEAD are answered here.",
                                 .allow = "GET, HEAD"});
    }
    if (file != nullptr) co_return co_await serve_file(*file);
    if (path == "/health")
      co_return co_await reply(
          {.body = R"({"status":"Archestra Platform API","version":")" ARCHESTRA_VERSION R"("})"});
    if (shard_.draining()) co_return co_await reply({.status = 503, .body = R"({"status":"draining"})"});
    co_return co_await reply({.body = R"({"status":"ready"})"});
  }
  co_await refuse(
      {404, Outcome::kInvalidRequest, "not_found",
       "Nothing is served at this path. Calls to a provider go below its prefix, such as /v1/openai/."});
}

// --- The way of an LLM call ------------------------------------------------------------------------------

net::Task<void> Exchange::serve_call() {
  agent_ = route_.agent_id ? shard_.agents->find(*route_.agent_id) : shard_.agents->default_agent();
  shard_.observer.on_call_started(route_, agent_);
  call_started_ = true;
  shard_.calls_in_flight.add(1);
  Refusal refusal{};
  if (!admit(refusal) || !admit_operation(refusal)) co_return co_await refuse(refusal);
  if (route_.operation->observed) {
    if (!co_await read_body(settings_.body)) co_return;
    inspect_body();
    if (!apply_policies(refusal)) co_return co_await refuse(refusal);
  }
  co_await try_until_answered();
}

void Exchange::inspect_body() {
  request_facts_ = provider_->inspect(route_, body_.content, base::BufferPool::kSlack,
                                      settings_.target_of(*provider_).usage_option);
}

bool Exchange::admit(Refusal& refusal) {
  if (agent_ == nullptr) {
    refusal = {404, Outcome::kInvalidRequest, "agent_not_found", "There is no agent with this id."};
    return false;
  }
  if (http::asks_for_websocket(heads_.request.fields)) {
    refusal = {501, Outcome::kInvalidRequest, "upgrade_refused", "WebSocket is not spoken here."};
    return false;
  }
  if (client_.asks_once()) {
    refusal = {503, Outcome::kRefusedOverload, "overloaded", "The gateway has too many clients.", 1};
    return false;
  }
  if (std::cmp_greater(shard_.calls_in_flight.value(), settings_.calls_in_flight_max)) {
    refusal = {503, Outcome::kRefusedOverload, "overloaded", "The gateway has too many calls in flight.", 1};
    return false;
  }
  return true;
}

// The body is read whole before anything is dialled, because a rule may change it: the exchange owns it
// (docs/decisions/0002-who-owns-a-request-body.md).
net::Task<bool> Exchange::read_body(http_io::BodyLimits limits) {
  if (framing_.length <= limits.body_bytes_max) co_await send_continue();
  http_io::MessageSource& source = client_.http().source();
  // Nearly always it came with its head: nobody waits, and no clock has to say so.
  const bool has_come =
      framing_.kind != http::BodyKind::kChunked && source.buffered().size() >= framing_.length;
  const auto began = has_come ? base::MonotonicTime() : base::monotonic_now();
  auto body = co_await http_io::read_whole_body(source, framing_, limits,
                                                shard_.loop.now() + settings_.client_body_timeout);
  if (!has_come) waits_.client += base::monotonic_now() - began;
  if (!body) {
    const base::Error& error = body.error();
    switch (error.code) {
      case ErrorCode::kTooLarge:
        co_await refuse({413, Outcome::kInvalidRequest, "body_too_large", "The request body is too large."});
        break;
      case ErrorCode::kOverload:
        co_await refuse(
            {503, Outcome::kRefusedOverload, "overloaded", "The gateway holds too many request bodies.", 1});
        break;
      case ErrorCode::kMalformed:
        co_await refuse({400, Outcome::kInvalidRequest, "bad_request", error.what});
        break;
      case ErrorCode::kTimeout:
        co_await refuse(
            {408, Outcome::kInvalidRequest, "request_timeout", "The request body did not arrive in time."});
        break;
      default:
        co_await client_left();
    }
    co_return false;
  }
  body_ = std::move(*body);
  body_consumed_ = true;
  request_body_bytes_ = body_.content.size();
  co_return true;
}

// What the usage option brings is dropped where the gateway can read it. A provider that encodes against its
// word, in a coding that is not known, is better relayed with it than refused.
GateMode Exchange::gate_mode(http::ContentCoding coding) const {
  if (scan_ == nullptr || coding == http::ContentCoding::kUnknown) return GateMode::kPass;
  const bool holds = guard_ && guard_->mode() == GuardMode::kHold;
  if (!is_of_type(*heads_.response, "text/event-stream")) {
    // A redirect or an empty answer is no stream, and lacks no last event.
    const bool is_array = scan_->reads_array() && is_of_type(*heads_.response, "application/json");
    if (holds) return is_array ? GateMode::kDecideElements : GateMode::kDecideBody;
    return is_array ? GateMode::kObserveElements : GateMode::kObserveBody;
  }
  return request_facts_.usage_option.empty() && !holds ? GateMode::kObserveEvents : GateMode::kDecideEvents;
}

// What nobody exports need not be captured.
bool Exchange::captures_content() const {
  return agent_->settings.capture_content && trace_.sampled && route_.operation->observed &&
         settings_.redactor != nullptr;
}

ClientFraming Exchange::client_framing(GateMode mode) const {
  if (try_->response_framing.kind == http::BodyKind::kNone) return ClientFraming::kNone;
  if (try_->response_framing.kind == http::BodyKind::kLength && !decides(mode)) return ClientFraming::kLength;
  return heads_.request.minor_version >= 1 ? ClientFraming::kChunked : ClientFraming::kUntilClose;
}

net::Task<void> Exchange::relay_response(UpstreamPtr upstream) {
  const http::Fields& fields = heads_.response->fields;
  if (route_.operation->observed) scan_ = provider_->scan(route_, request_facts_);
  const http::ContentCoding coding = http::content_coding(fields);
  set_guard();
  if (captures_content() && heads_.response->status < kFirstErrorStatus)
    content_reader_ = provider_->content(route_, ContentJson::bounds_for(settings_.content_bytes_max));
  if (guard_ && guard_->mode() == GuardMode::kHold && coding == http::ContentCoding::kUnknown) {
    let_go(std::move(upstream), RelayEnd::kUpstreamFailed);
    co_return co_await fail_before_head({ErrorCode::kMalformed, "a content coding that no policy can read"},
                                        call::TimeLimit::kIdle);
  }
  const GateMode mode = gate_mode(coding);
  if (scan_ != nullptr && coding == http::ContentCoding::kUnknown)
    log_unread(try_->record.server_address, fields.value_of(HeaderId::kContentEncoding));
  to_client_ = client_framing(mode);
  if (to_client_ == ClientFraming::kUntilClose) after_ = AfterExchange::kClose;
  if (!body_consumed_) after_ = AfterExchange::kLinger;
  if (!keeps_alive() && after_ == AfterExchange::kKeepAlive) after_ = AfterExchange::kClose;
  WrittenHead head = write_head(client_body(mode, coding));
  answering_ = true;
  // Nobody needs the one that came any more, and a stream may go on for long.
  shard_.give_back(std::move(heads_.response));

  upstream->http().source().start_body(try_->response_framing);
  Gate gate(mode, scan_.get(),
            {.scan_bytes_max = settings_.scan_bytes_max,
             .event_bytes_max = settings_.event_bytes_max,
             .memory_bytes_max = settings_.body.memory_bytes_max},
            shard_.buffers, coding, guard_ ? &*guard_ : nullptr, content_reader_.get());
  const RelayResult result = co_await relay({.client = client_.http(),
                                             .upstream = upstream->http(),
                                             .gate = gate,
                                             .head = head.text,
                                             .head_storage = std::move(head.storage),
                                             .head_arrived = try_->answered,
                                             .framing = to_client_,
                                             .idle_timeout = settings_.timeouts.idle,
                                             .total_deadline = total_deadline_,
                                             .client_timeout = settings_.client_send_timeout,
                                             .waits = waits_});
  try_->record.duration = result.upstream_ended - try_->started;
  gate.conclude();
  if (guard_) tool_decisions_ = guard_->conclude();
  if (result.end == RelayEnd::kClientGone) co_await client_left();
  conclude_relay(result, gate, mode);
  let_go(std::move(upstream), result.end);
}

// What goes to the client in place of the head that came.
Exchange::WrittenHead Exchange::write_head(ClientBody body) {
  const http::ResponseHead& head = *heads_.response;
  status_ = head.status;
  const auto elapsed = try_->answered - started_;
  const std::vector<ReplacedField> replaced =
      own_urls(head, provider_->url_fields(), settings_.target_of(*provider_),
               {.base_url = settings_.api_base_url,
                .scheme = settings_.identity != nullptr ? "https" : "http",
                .host = heads_.request.fields.value_of(HeaderId::kHost),
                .provider = provider_->name(),
                .agent_id = route_.agent_id});
  const ClientResponse response{.head = head,
                                .framing = to_client_,
                                .length = try_->response_framing.length,
                                .body = body,
                                .keep_alive = after_ == AfterExchange::kKeepAlive,
                                .client_minor_version = heads_.request.minor_version,
                                .gateway = elapsed - waits_.upstream - waits_.client,
                                .upstream = waits_.upstream,
                                .replaced = replaced,
                                .is_sandboxed = to_client_ != ClientFraming::kNone && may_be_a_page(head)};
  WrittenHead written{.storage = shard_.buffers.take(client_head_room(response)), .text = {}};
  http::HeadWriter out({written.storage.data(), written.storage.size()});
  write_client_head(response, out);
  ARCHESTRA_ASSERT(out.ok(), "a forwarded head fits the room made for it");
  written.text = out.written();
  return written;
}

// The head that came is gone by now, and what its views saw.
void Exchange::conclude_relay(const RelayResult& result, const Gate& gate, GateMode mode) {
  response_body_bytes_ = result.body_bytes;
  // Where an answer came whole, an event too long to be read is all that can be missing of it.
  unread_ = gate.unread() || (gate.skipped_event() && result.end == RelayEnd::kComplete);
  delivery_ = gate.delivery();
  delivery_.is_complete = result.end == RelayEnd::kComplete;
  const auto since_start = [&](std::optional<base::MonotonicTime> time) {
    return time ? std::optional(*time - try_->started) : std::nullopt;
  };
  const Pace& pace = gate.pace();
  try_->record.time_to_first_byte_sent = since_start(result.first_byte_sent);
  try_->record.time_to_first_token = since_start(pace.first());
  try_->record.time_to_last_token = since_start(pace.last());
  try_->record.gaps = pace.gaps();
  stalls_ = pace.stalls(try_->started);
  try_->record.stalls = stalls_;
  if (result.end == RelayEnd::kClientGone) return;
  if (result.end == RelayEnd::kUpstreamFailed) {
    const call::ErrorMeaning& meaning =
        call::meaning_after_head(result.error.code, passed(call::TimeLimit::kIdle));
    if (result.error.code != ErrorCode::kCancelled) log_failure(result.error, meaning);
    break_off();
    return settle(meaning.outcome, meaning.code);
  }
  if (gate.unread()) log_unread(try_->record.server_address, gate.unread()->text());
  if (try_->record.status_code >= kFirstErrorStatus)
    return settle(Outcome::kUpstreamError, std::to_string(try_->record.status_code));
  if (scan_ != nullptr && !scan_->facts().error_type.empty())
    return settle(Outcome::kUpstreamError, scan_->facts().error_type);
  // The last event may be among what was not read: nobody knows then.
  if (reads_events(mode) && !unread_ && !scan_->facts().ended) {
    const call::ErrorMeaning& meaning = call::meaning_after_head(ErrorCode::kClosed);
    return settle(meaning.outcome, meaning.code);
  }
  settle(Outcome::kCompleted, "");
}

// RFC 9110 section 10.1.1: a client may wait for this word before it sends its body.
net::Task<void> Exchange::send_continue() {
  if (framing_.kind == http::BodyKind::kNone || heads_.request.minor_version == 0) co_return;
  if (!http::equals_ignoring_case(heads_.request.fields.value_of(HeaderId::kExpect), "100-continue"))
    co_return;
  http_io::Outbox box;
  box.add("HTTP/1.1 100 Continue\r\n\r\n");
  // A client that is gone is noticed by whoever reads its body.
  [[maybe_unused]] const auto sent =
      co_await http_io::send_all(box, client_.stream(), {.stall = settings_.client_send_timeout}, nullptr);
}

bool Exchange::keeps_alive() const {
  return http::is_persistent(heads_.request.minor_version, heads_.request.fields) && !shard_.draining() &&
         !client_.asks_once();
}

}  // namespace archestra::proxy
