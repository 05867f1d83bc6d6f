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

bool deserves_answer(const base::Error& error) {
  return error.code == base::ErrorCode::kMalformed || error.code == base::ErrorCode::kTooLarge ||
         error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kOverload;
}

}  // namespace

net::Task<Persistence> send_answer(ServerRequest& request, Answer answer, base::Duration timeout) {
  std::array<char, 1024> text;
  http::HeadWriter head(text);
  head.status_line(answer.status, http::reason_phrase(answer.status))
      .field("Content-Type", answer.content_type)
      .field("Content-Length", answer.body.size())
      .text(answer.extra_fields);
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
