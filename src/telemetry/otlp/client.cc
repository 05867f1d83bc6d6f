#include "telemetry/otlp/client.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "http/head_writer.h"
#include "http/retry_after.h"
#include "http_io/tunnel.h"

namespace archestra::telemetry::otlp {
namespace {

constexpr std::size_t kResponseBytesMax = std::size_t{4} << 20;

std::string request_head(const ClientOptions& options) {
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

Client::Client(const ClientSurroundings& surroundings, ClientOptions options)
    : at_(surroundings),
      options_(std::move(options)),
      endpoint_{.host = options_.endpoint.host,
                .port = options_.endpoint.port,
                .tls = options_.endpoint.is_https ? options_.tls : nullptr},
      head_(request_head(options_)) {}

void Client::cancel() {
  cancelled_.set_gone();
  if (connection_) connection_->stream().readiness.cancel();
}

net::Task<Attempt> Client::post(std::span<const std::string_view> pieces, base::MonotonicTime deadline) {
  const base::Counted under_way(at_.requests_under_way);
  while (true) {
    is_stale_ = false;
    Attempt attempt = co_await try_post(pieces, deadline);
    if (!is_stale_) co_return attempt;
  }
}

net::Task<base::Result<void>> Client::ensure_connected(base::MonotonicTime deadline) {
  if (connection_ && !connection_->stream().readiness.gone) co_return {};
  connection_.reset();
  auto stream = co_await http_io::connect(
      {.loop = at_.loop, .resolver = at_.resolver, .sessions = at_.sessions, .buffers = at_.buffers},
      endpoint_, options_.proxy, deadline, &cancelled_);
  if (!stream) co_return base::fail(stream.error());
  connection_ = std::make_unique<http_io::OutboundConnection>(std::move(*stream), at_.buffers);
  co_return {};
}

net::Task<base::Result<void>> Client::send(std::span<const std::string_view> pieces,
                                           base::MonotonicTime deadline) {
  std::array<char, 64> length_field;
  http::HeadWriter length(length_field);
  length
      .field("Content-Length",
             std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                             [](std::size_t sum, std::string_view piece) { return sum + piece.size(); }))
      .end();
  http_io::Outbox box;
  box.add(head_);
  box.add(length.written());
  for (const std::string_view piece : pieces) {
    if (box.room() == 0)
      if (const auto sent =
              co_await http_io::send_all(box, connection_->stream(), {.deadline = deadline}, nullptr);
          !sent)
        co_return sent;
    box.add(piece);
  }
  co_return co_await http_io::send_all(box, connection_->stream(), {.deadline = deadline}, nullptr);
}

net::Task<Attempt> Client::try_post(std::span<const std::string_view> pieces, base::MonotonicTime deadline) {
  const bool kept = connection_ != nullptr;
  const auto broken = [this, kept](const base::Error& error) {
    connection_.reset();
    is_stale_ = kept && (error.code == base::ErrorCode::kClosed || error.code == base::ErrorCode::kReset);
    Attempt attempt;
    attempt.result = Attempt::Result::kRetryable;
    attempt.why = error.text();
    return attempt;
  };
  if (const auto connected = co_await ensure_connected(deadline); !connected)
    co_return broken(connected.error());
  const auto sent = co_await send(pieces, deadline);
  // Whoever refuses a body may do so before reading it, and close.
  if (!sent && (sent.error().code != base::ErrorCode::kReset ||
                connection_->look_ahead({}) != http_io::Ahead::kAnswer))
    co_return broken(sent.error());
  const auto head = std::make_unique<http::ResponseHead>();
  const auto read = co_await connection_->read_head(*head, {}, deadline, nullptr);
  if (!read) co_return broken(read.error());
  co_return co_await read_answer(*head, deadline);
}

net::Task<Attempt> Client::read_answer(const http::ResponseHead& head, base::MonotonicTime deadline) {
  Attempt attempt;
  attempt.answered = true;
  const auto asked =
      http::parse_retry_after(head.fields.value_of(http::HeaderId::kRetryAfter), base::wall_now());
  attempt.retry_after = asked.value_or(base::Duration::zero());
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

}  // namespace archestra::telemetry::otlp
