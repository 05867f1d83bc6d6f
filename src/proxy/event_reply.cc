#include "proxy/event_reply.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "http/head_writer.h"
#include "http_io/outbox.h"
#include "proxy/runs.h"

namespace archestra::proxy {
namespace {

using net::Interest;
using net::Wake;

/// One reply under way. Lives in the frame of send_events().
class Sender {
 public:
  Sender(http_io::InboundConnection& client, bool in_chunks, const EventReply& reply)
      : stream_(client.stream()), in_chunks_(in_chunks), reply_(reply) {}

  void add_head(std::string_view head) { box_.add(head); }
  /// `events` are not empty, and kept until they are sent.
  void add_chunk(std::string_view events) {
    body_bytes_ += events.size();
    if (in_chunks_) box_.add(size_.text(events.size()));
    box_.add(events);
    if (in_chunks_) box_.add("\r\n");
  }
  void add_last_chunk() {
    if (in_chunks_) box_.add("0\r\n\r\n");
  }
  std::uint64_t body_bytes() const { return body_bytes_; }

  /// Sends what was added. kBrokenOff where there is no more time for it.
  net::Task<EventReplyEnd> send() {
    while (true) {
      const net::IoResult sent = box_.try_send(stream_);
      if (sent.status == net::IoStatus::kDone) co_return EventReplyEnd::kComplete;
      if (sent.status == net::IoStatus::kFailed) co_return EventReplyEnd::kClientGone;
      const Wake wake = co_await net::Wait(stream_.loop,
                                           {{&stream_.readiness, Interest::kGone},
                                            {&stream_.readiness, Interest::kWritable},
                                            {&reply_.drain_begins, Interest::kReadable}},
                                           std::min(reply_.until, stream_.loop.now() + reply_.stall));
      if (wake == Wake::kThird || wake == Wake::kTimeout) co_return EventReplyEnd::kBrokenOff;
      if (wake != Wake::kSecond) co_return EventReplyEnd::kClientGone;
    }
  }

  /// Waits for the next event. kComplete where it is there; kBrokenOff where none is to be sent any more.
  net::Task<EventReplyEnd> wait() {
    const Wake wake = co_await net::Wait(stream_.loop,
                                         {{&reply_.events.arrived(), Interest::kReadable},
                                          {&stream_.readiness, Interest::kGone},
                                          {&reply_.drain_begins, Interest::kReadable}},
                                         reply_.until);
    if (wake == Wake::kThird || wake == Wake::kTimeout) co_return EventReplyEnd::kBrokenOff;
    co_return wake == Wake::kFirst ? EventReplyEnd::kComplete : EventReplyEnd::kClientGone;
  }

 private:
  net::Stream& stream_;
  const bool in_chunks_;
  const EventReply& reply_;
  ChunkSize size_;  // of the chunk under way
  http_io::Outbox box_;
  std::uint64_t body_bytes_ = 0;
};

std::string_view write_head(std::span<char> out, bool in_chunks, std::string_view extra_fields) {
  http::HeadWriter head(out);
  head.status_line(200, http::reason_phrase(200)).field("Content-Type", "text/event-stream");
  head.field("Cache-Control", "no-store").field("X-Content-Type-Options", "nosniff");
  // What reverse proxies of the nginx family go by.
  head.field("X-Accel-Buffering", "no").text(extra_fields);
  if (in_chunks) head.field("Transfer-Encoding", "chunked");
  head.field("Connection", "close").end();
  ARCHESTRA_ASSERT(head.ok(), "the head of an event stream fits");
  return head.written();
}

net::Task<EventReplyEnd> send_each(Sender& sender, http_io::EventStream& events) {
  EventReplyEnd end = co_await sender.send();
  while (end == EventReplyEnd::kComplete) {
    end = co_await sender.wait();
    if (end == EventReplyEnd::kBrokenOff) {
      sender.add_last_chunk();
      co_return co_await sender.send();
    }
    if (end != EventReplyEnd::kComplete) break;
    const http_io::EventStream::Event event = events.take();
    if (event == nullptr) continue;
    sender.add_chunk(*event);
    end = co_await sender.send();
  }
  co_return end;
}

}  // namespace

net::Task<EventReplyResult> send_events(http_io::InboundConnection& client, const http::RequestHead& request,
                                        EventReply reply) {
  const bool in_chunks = request.minor_version >= 1;
  Sender sender(client, in_chunks, reply);
  std::array<char, 1024> head;
  sender.add_head(write_head(head, in_chunks, reply.extra_fields));
  if (request.method == "HEAD") co_return {.end = co_await sender.send(), .body_bytes = 0};
  if (!reply.first.empty()) sender.add_chunk(reply.first);
  reply.events.begin(client.stream().loop);
  const EventReplyEnd end = co_await send_each(sender, reply.events);
  reply.events.end();
  co_return {.end = end, .body_bytes = sender.body_bytes()};
}

}  // namespace archestra::proxy
