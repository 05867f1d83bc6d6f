#include "http_io/server.h"

#include <array>
#include <utility>

#include "http/body_framing.h"
#include "http/head_writer.h"

namespace archestra::http_io {
namespace {

constexpr base::Duration kErrorAnswerTimeout = std::chrono::seconds(5);

net::Task<Persistence> answer_error(InboundConnection& connection, http::RequestHead& head,
                                    const base::Error& error) {
  ServerRequest request{.head = head, .body = {}, .connection = connection, .wanted = Persistence::kClose};
  co_return co_await send_answer(
      request,
      {.status = error.detail >= 400 ? error.detail : 400, .content_type = "text/plain", .body = error.what},
      kErrorAnswerTimeout);
}

void begin_head(http::HeadWriter& head, const Answer& answer) {
  head.status_line(answer.status, http::reason_phrase(answer.status))
      .field("Content-Type", answer.content_type)
      .text(answer.extra_fields);
}

bool deserves_answer(const base::Error& error) {
  return error.code == base::ErrorCode::kMalformed || error.code == base::ErrorCode::kTooLarge ||
         error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kOverload;
}

}  // namespace

net::Task<Persistence> send_answer(ServerRequest& request, Answer answer, base::Duration timeout) {
  std::array<char, 1024> text;
  http::HeadWriter head(text);
  begin_head(head, answer);
  head.field("Content-Length", answer.body.size());
  if (request.wanted == Persistence::kClose) head.field("Connection", "close");
  head.end();
  ARCHESTRA_ASSERT(head.ok(), "an answer's head fits");
  Outbox box;
  box.add(head.written());
  if (request.head.method != "HEAD") box.add(answer.body);
  net::Stream& stream = request.connection.stream();
  const auto sent = co_await send_all(box, stream, {.stall = timeout}, nullptr);
  co_return sent ? request.wanted : Persistence::kClose;
}

net::Task<Persistence> send_in_pieces(ServerRequest& request, Answer answer, BodyPieces& pieces,
                                      SendLimits limits) {
  const bool in_chunks = request.head.minor_version >= 1;
  const Persistence wanted = in_chunks ? request.wanted : Persistence::kClose;
  std::array<char, 1024> text;
  http::HeadWriter head(text);
  begin_head(head, answer);
  if (in_chunks) head.field("Transfer-Encoding", "chunked");
  if (wanted == Persistence::kClose) head.field("Connection", "close");
  head.end();
  ARCHESTRA_ASSERT(head.ok(), "an answer's head fits");
  net::Stream& stream = request.connection.stream();
  Outbox box;
  box.add(head.written());
  ChunkSize size;
  bool is_over = request.head.method == "HEAD";
  while (!is_over) {
    const std::optional<std::string_view> piece = pieces.next();
    is_over = !piece;
    if (in_chunks && piece && !piece->empty()) box.add(size.text(piece->size()));
    if (piece) box.add(*piece);
    if (in_chunks) box.add(is_over ? "0\r\n\r\n" : piece->empty() ? "" : "\r\n");
    if (is_over) break;
    if (const auto sent = co_await send_all(box, stream, limits, nullptr); !sent)
      co_return Persistence::kClose;
    co_await net::NextTurn(stream.loop);
  }
  const auto sent = co_await send_all(box, stream, limits, nullptr);
  co_return sent ? wanted : Persistence::kClose;
}

Server::Server(net::EventLoop& loop, base::BufferPool& pool, ServerLimits limits, Handler& handler)
    : loop_(loop), pool_(pool), limits_(limits), handler_(handler) {}

void Server::accept(net::StreamPtr stream) {
  if (!stopping_) connections_.spawn(run(std::move(stream)));
}

void Server::stop() {
  stopping_ = true;
  for (net::Stream* stream : streams_) stream->readiness.cancel();
}

net::Task<void> Server::run(net::StreamPtr stream) {
  InboundConnection connection(std::move(stream), pool_, limits_.inbound);
  streams_.insert(&connection.stream());
  const auto head = std::make_unique<http::RequestHead>();
  Persistence persistence = Persistence::kKeep;
  while (persistence == Persistence::kKeep && !stopping_) {
    head->clear();
    const auto read = co_await connection.read_head(*head);
    if (!read) {
      if (deserves_answer(read.error())) co_await answer_error(connection, *head, read.error());
      break;
    }
    persistence = co_await serve_one(connection, *head);
    connection.finish_request();
  }
  streams_.erase(&connection.stream());
}

net::Task<Persistence> Server::serve_one(InboundConnection& connection, http::RequestHead& head) {
  const auto framing = http::request_framing(head);
  if (!framing) co_return co_await answer_error(connection, head, framing.error());
  const auto body = co_await read_whole_body(connection.source(), *framing, limits_.body,
                                             loop_.now() + limits_.body_timeout);
  if (!body) {
    if (deserves_answer(body.error())) co_await answer_error(connection, head, body.error());
    co_return Persistence::kClose;
  }
  const bool keep = http::is_persistent(head.minor_version, head.fields) && !stopping_;
  ServerRequest request{.head = head,
                        .body = body->content,
                        .connection = connection,
                        .wanted = keep ? Persistence::kKeep : Persistence::kClose};
  co_return co_await handler_.serve(request);
}

}  // namespace archestra::http_io
