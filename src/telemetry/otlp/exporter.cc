#include "telemetry/otlp/exporter.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/log.h"
#include "base/thread_name.h"
#include "http/head_writer.h"
#include "http/retry_after.h"
#include "http_io/tunnel.h"
#include "telemetry/otlp/export_response.h"
#include "telemetry/otlp/gzip.h"

namespace archestra::telemetry::otlp {
namespace {

using net::Interest;
using net::Wake;

constexpr base::Duration kFirstBackoff = std::chrono::seconds(1);
constexpr base::Duration kBackoffMax = std::chrono::seconds(5);
constexpr std::size_t kResponseBytesMax = std::size_t{4} << 20;

std::string request_head(const ExporterOptions& options) {
  const http::Url& url = options.endpoint;
  std::string head = "POST " + (url.path.empty() ? std::string("/") : url.path);
  if (!url.query.empty()) head += "?" + url.query;
  head += " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
  if (std::ranges::none_of(options.headers, [](const auto& field) { return field.first == "user-agent"; }))
    head += "User-Agent: archestra/" ARCHESTRA_VERSION " OTel-OTLP-Exporter-Cpp/" ARCHESTRA_VERSION "\r\n";
  head += "Content-Type: application/x-protobuf\r\n";
  if (options.compression == Compression::kGzip) head += "Content-Encoding: gzip\r\n";
  if (!options.authorization.empty())
    head.append("Authorization: ").append(options.authorization.reveal()).append("\r\n");
  for (const auto& [name, value] : options.headers) {
    if (name == "authorization" && !options.authorization.empty()) continue;
    head.append(name).append(": ").append(value.reveal()).append("\r\n");
  }
  return head;
}

}  // namespace

struct Exporter::Attempt {
  enum class Result : std::uint8_t { kAccepted, kRetryable, kFailed } result = Result::kFailed;
  bool stale = false;     // a kept connection that its peer had closed: nothing was tried yet
  bool answered = false;  // the collector is there
  PartialSuccess partial;
  base::Duration retry_after{};
  std::string why;
};

Exporter::Exporter(Telemetry& telemetry, ExporterOptions options, const net::TlsContext* tls)
    : telemetry_(telemetry),
      options_(std::move(options)),
      endpoint_{.host = options_.endpoint.host,
                .port = options_.endpoint.port,
                .tls = options_.endpoint.is_https ? tls : nullptr},
      head_(request_head(options_)),
      thread_([this] { run(); }) {}

Exporter::~Exporter() {
  if (thread_.joinable()) stop(base::Duration::zero());
}

void Exporter::run() {
  base::name_this_thread("export");
  tasks_.spawn(drain_loop());
  tasks_.spawn(send_loop());
  while (tasks_.active() > 0) loop_.turn(base::Duration::max());
  connection_.reset();
}

void Exporter::stop(base::Duration limit) {
  loop_.post([this, limit] {
    stop_.by = loop_.now() + limit;
    loop_.timers().arm(stop_limit_, stop_.by);
    stop_.drain_loop.set_readable();
    stop_.backoff.set_readable();
  });
  thread_.join();
}

// Ends what was begun before stop() and has a later deadline of its own.
void Exporter::on_stop_limit(void* self) {
  auto& exporter = *static_cast<Exporter*>(self);
  exporter.stop_.limit.set_gone();
  if (exporter.connection_) exporter.connection_->stream().readiness.cancel();
}

net::Task<void> Exporter::drain_loop() {
  while (!stop_.drain_loop.readable) {
    telemetry_.drain();
    if (telemetry_.has_full_batch()) batch_ready_.set_readable();
    co_await net::Wait(loop_, {{&stop_.drain_loop, Interest::kReadable}}, loop_.now() + telemetry_.pause());
  }
  telemetry_.drain();
  drained_for_good_ = true;
  batch_ready_.set_readable();
}

net::Task<void> Exporter::send_loop() {
  SpanBatch batch;
  while (!drained_for_good_ || telemetry_.queued_spans() > 0) {
    if (!drained_for_good_) {
      batch_ready_.readable = telemetry_.has_full_batch();
      co_await net::Wait(loop_, {{&batch_ready_, Interest::kReadable}},
                         loop_.now() + options_.schedule_delay);
    }
    // After the delay what there is, even if it fills no batch; then only whole ones, until the next delay.
    bool is_due = true;
    while ((is_due || drained_for_good_ || telemetry_.has_full_batch()) && telemetry_.take_batch(batch)) {
      is_due = false;
      co_await send_until_done(batch);
      telemetry_.give_back(std::move(batch));
    }
  }
}

base::MonotonicTime Exporter::deadline_in(base::Duration duration) const {
  return std::min(loop_.now() + duration, stop_.by);
}

// A passing failure is tried again: what waits meanwhile is bounded by the queue, and one batch that never
// gets through by its own time. Once the end has been asked for, only a collector that is there is tried
// again, until the limit.
net::Task<void> Exporter::send_until_done(const SpanBatch& batch) {
  ExporterMetrics& metrics = telemetry_.exporter_metrics();
  if (stop_.limit.gone) co_return metrics.count_dropped(DropReason::kShutdown, batch.spans);
  const std::string compressed =
      options_.compression == Compression::kGzip ? gzip(batch.body()) : std::string();
  const std::string_view body = compressed.empty() ? batch.body() : std::string_view(compressed);
  const base::MonotonicTime give_up_at = loop_.now() + options_.batch_timeout;
  base::Duration backoff = kFirstBackoff;
  while (true) {
    const Attempt sent =
        co_await send_once(body, std::min(deadline_in(options_.request_timeout), give_up_at));
    if (sent.stale) continue;
    note_health(sent.result == Attempt::Result::kAccepted, sent.why);
    if (sent.result == Attempt::Result::kAccepted) co_return count_accepted(batch, sent.partial);
    // Jitter, so that many gateways do not come back at the same moment.
    const auto jittered = std::chrono::duration_cast<base::Duration>(backoff * (0.5 + random_.unit()));
    const base::MonotonicTime next = loop_.now() + std::max(jittered, sent.retry_after);
    backoff = std::min(backoff * 3 / 2, kBackoffMax);
    if (sent.result == Attempt::Result::kFailed || next > give_up_at) co_return count_failed(batch);
    metrics.count_request(ExportResult::kRetried);
    if (!co_await pause_until(next, sent.answered))
      co_return metrics.count_dropped(DropReason::kShutdown, batch.spans);
  }
}

// False where there will be no other try: the process ends, and the collector is not there or not in time.
net::Task<bool> Exporter::pause_until(base::MonotonicTime next, bool collector_answers) {
  if (!stop_.backoff.readable) co_await net::Wait(loop_, {{&stop_.backoff, Interest::kReadable}}, next);
  if (!stop_.backoff.readable) co_return true;
  if (!collector_answers || next >= stop_.by) co_return false;
  co_await net::Wait(loop_, {{&stop_.limit, Interest::kGone}}, next);
  co_return true;
}

void Exporter::count_failed(const SpanBatch& batch) {
  ExporterMetrics& metrics = telemetry_.exporter_metrics();
  metrics.count_request(ExportResult::kFailed);
  metrics.count_spans(ExportResult::kFailed, batch.spans);
  metrics.count_dropped(DropReason::kExportFailed, batch.spans);
}

void Exporter::count_accepted(const SpanBatch& batch, const PartialSuccess& partial) {
  ExporterMetrics& metrics = telemetry_.exporter_metrics();
  const std::size_t rejected = std::min<std::size_t>(partial.rejected_spans, batch.spans);
  metrics.count_request(ExportResult::kSuccess);
  metrics.count_spans(ExportResult::kSuccess, batch.spans - rejected);
  metrics.count_spans(ExportResult::kRejected, rejected);
  if (rejected > 0 && !rejecting_)
    base::log(base::LogLevel::kWarn, "the collector rejects spans, which are counted",
              {{"spans", rejected}, {"why", partial.error_message}});
  rejecting_ = rejected > 0;
}

net::Task<base::Result<void>> Exporter::ensure_connected(base::MonotonicTime deadline) {
  if (connection_ && !connection_->stream().readiness.gone) co_return {};
  connection_.reset();
  auto stream = co_await http_io::connect(
      {.loop = loop_, .resolver = resolver_, .sessions = tls_sessions_, .buffers = buffers_}, endpoint_,
      options_.proxy, deadline, &stop_.limit);
  if (!stream) co_return base::fail(stream.error());
  connection_ = std::make_unique<http_io::OutboundConnection>(std::move(*stream), buffers_);
  co_return {};
}

net::Task<Exporter::Attempt> Exporter::send_once(std::string_view body, base::MonotonicTime deadline) {
  const base::Counted under_way(requests_under_way_);
  const bool kept = connection_ != nullptr;
  const auto broken = [this, kept](const base::Error& error) {
    connection_.reset();
    Attempt attempt;
    attempt.result = Attempt::Result::kRetryable;
    attempt.stale = kept && (error.code == base::ErrorCode::kClosed || error.code == base::ErrorCode::kReset);
    attempt.why = error.text();
    return attempt;
  };
  if (const auto connected = co_await ensure_connected(deadline); !connected)
    co_return broken(connected.error());

  std::array<char, 64> length_field;
  http::HeadWriter length(length_field);
  length.field("Content-Length", body.size()).end();
  http_io::Outbox box;
  box.add(head_);
  box.add(length.written());
  box.add(body);
  const auto sent = co_await http_io::send_all(box, connection_->stream(), {.deadline = deadline}, nullptr);
  // Whoever refuses a body may do so before reading it, and close.
  if (!sent && (sent.error().code != base::ErrorCode::kReset ||
                connection_->look_ahead({}) != http_io::Ahead::kAnswer))
    co_return broken(sent.error());
  const auto head = std::make_unique<http::ResponseHead>();
  const auto read = co_await connection_->read_head(*head, {}, deadline, nullptr);
  if (!read) co_return broken(read.error());
  co_return co_await read_answer(*head, deadline);
}

net::Task<Exporter::Attempt> Exporter::read_answer(const http::ResponseHead& head,
                                                   base::MonotonicTime deadline) {
  Attempt attempt;
  attempt.answered = true;
  const auto asked =
      http::parse_retry_after(head.fields.value_of(http::HeaderId::kRetryAfter), base::wall_now());
  attempt.retry_after = std::min(asked.value_or(base::Duration::zero()), options_.batch_timeout);
  const int status = head.status;
  if (status >= 200 && status < 300) {
    attempt.result = Attempt::Result::kAccepted;
  } else {
    attempt.result = is_retryable(status) ? Attempt::Result::kRetryable : Attempt::Result::kFailed;
    attempt.why = "the collector answered " + std::to_string(status);
  }
  bool keep = http::is_persistent(head.minor_version, head.fields);
  const auto framing = http::response_framing(head, http::AnswerTo::kOther);
  if (!framing || framing->kind == http::BodyKind::kUntilClose) {
    keep = false;
  } else {
    const auto answer = co_await http_io::read_whole_body(connection_->source(), *framing,
                                                          {.body_bytes_max = kResponseBytesMax}, deadline);
    if (answer) attempt.partial = parse_partial_success(answer->content);
    keep = keep && answer.has_value();
  }
  if (!keep) connection_.reset();
  co_return attempt;
}

// Logged once per change, not once per batch.
void Exporter::note_health(bool healthy, const std::string& why) {
  ExportHealth& shown = telemetry_.export_health();
  healthy ? shown.note_success() : shown.note_error(why);
  if (healthy == healthy_) return;
  healthy_ = healthy;
  if (healthy)
    base::log(base::LogLevel::kInfo, "spans reach the collector again",
              {{"host", endpoint_.host}, {"port", endpoint_.port}});
  else
    base::log(base::LogLevel::kWarn,
              "spans do not reach the collector; they are kept, then dropped and counted",
              {{"host", endpoint_.host}, {"port", endpoint_.port}, {"why", why}});
}

}  // namespace archestra::telemetry::otlp
