#include "traffic/client.h"

#include <utility>

#include "http/body_framing.h"

namespace archestra::traffic {
namespace {

// One read of body bytes into the source's buffer; true at the end of the stream.
net::Task<base::Result<bool>> fill(http_io::MessageSource& source, base::MonotonicTime deadline) {
  net::Stream& stream = source.stream();
  while (true) {
    const net::Wake wake =
        co_await net::Wait(stream.loop, {{&stream.readiness, net::Interest::kReadable}}, deadline);
    if (wake == net::Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "reading the answer");
    if (wake == net::Wake::kCancelled)
      co_return base::fail(base::ErrorCode::kCancelled, "reading the answer");
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kFailed) co_return base::fail(read.error);
    if (read.status != net::IoStatus::kBlocked) co_return read.status == net::IoStatus::kEnd;
  }
}

// True where the body was read to its end, false where the reader left.
net::Task<base::Result<bool>> read_body(http_io::MessageSource& source, BodyReader& reader,
                                        base::MonotonicTime deadline) {
  while (true) {
    const auto run = source.next_run();
    if (!run) co_return base::fail(run.error());
    if (!run->empty()) {
      if (reader.on_bytes(*run) == BodyReader::Wish::kLeave) co_return false;
      continue;
    }
    if (source.body_done()) co_return true;
    const auto ended = co_await fill(source, deadline);
    if (!ended) co_return base::fail(ended.error());
    if (!*ended) continue;
    const auto good = source.end_of_stream();
    if (!good) co_return base::fail(good.error());
    co_return true;
  }
}

bool was_closed_while_idle(const http_io::OutboundConnection& connection, const base::Error& error) {
  return connection.reused &&
         (error.code == base::ErrorCode::kClosed || error.code == base::ErrorCode::kReset);
}

}  // namespace

net::Task<base::Result<Client::Connection>> Client::connect(base::MonotonicTime deadline) {
  auto stream = co_await net::connect(loop_, resolver_, nullptr, {.host = url_.host, .port = url_.port},
                                      deadline, nullptr);
  if (!stream) co_return base::fail(stream.error());
  co_return std::make_unique<http_io::OutboundConnection>(std::move(*stream), pool_);
}

Client::Connection Client::take_idle() {
  while (!idle_.empty()) {
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    if (!connection->stream().readiness.gone) return connection;
  }
  return nullptr;
}

net::Task<base::Result<Answer>> Client::exchange(std::string_view request, BodyReader& reader,
                                                 base::MonotonicTime deadline) {
  Connection connection = take_idle();
  if (connection != nullptr) {
    const auto answer = co_await exchange_on(connection, request, reader, deadline);
    if (answer || !was_closed_while_idle(*connection, answer.error())) co_return answer;
  }
  auto fresh = co_await connect(deadline);
  if (!fresh) co_return base::fail(fresh.error());
  co_return co_await exchange_on(*fresh, request, reader, deadline);
}

net::Task<base::Result<Answer>> Client::exchange_on(Connection& connection, std::string_view request,
                                                    BodyReader& reader, base::MonotonicTime deadline) {
  net::Stream& stream = connection->stream();
  active_.insert(&stream);
  http_io::Outbox box;
  box.add(request);
  base::Result<Answer> answer;
  const auto sent = co_await http_io::send_all(box, stream, {.deadline = deadline}, nullptr);
  if (sent)
    answer = co_await read_answer(*connection, reader, deadline);
  else
    answer = base::fail(sent.error());
  active_.erase(&stream);
  if (answer && answer->reusable) idle_.push_back(std::move(connection));
  co_return answer;
}

net::Task<base::Result<Answer>> Client::read_answer(http_io::OutboundConnection& connection,
                                                    BodyReader& reader, base::MonotonicTime deadline) {
  const auto head = std::make_unique<http::ResponseHead>();
  const auto read = co_await connection.read_head(*head, {}, deadline, nullptr);
  if (!read) co_return base::fail(read.error());
  connection.reused = false;  // what breaks from here on was not broken while idle
  const auto framing = http::response_framing(*head, http::AnswerTo::kOther);
  if (!framing) co_return base::fail(framing.error());
  Answer answer{.status = head->status};
  const bool persistent = http::is_persistent(head->minor_version, head->fields);
  connection.source().start_body(*framing);
  const auto whole = co_await read_body(connection.source(), reader, deadline);
  if (!whole) co_return base::fail(whole.error());
  answer.left = !*whole;
  answer.reusable = *whole && persistent && framing->kind != http::BodyKind::kUntilClose;
  connection.reused = answer.reusable;
  co_return answer;
}

void Client::cancel() {
  for (net::Stream* stream : active_) stream->readiness.cancel();
}

}  // namespace archestra::traffic
