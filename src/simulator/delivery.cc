#include "simulator/delivery.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace archestra::simulator {
namespace {

using http_io::Persistence;

// A client that reads nothing for this long is given up.
constexpr base::Duration kSendTimeout = std::chrono::minutes(10);
constexpr base::Duration kDribblePause = std::chrono::milliseconds(1);
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

net::Task<bool> Delivery::pause_until(base::MonotonicTime until) {
  const net::Wake wake =
      co_await net::Wait(stream_.loop, {{&stream_.readiness, net::Interest::kGone}}, until);
  if (wake == net::Wake::kTimeout) co_return true;
  client_closed_ = wake == net::Wake::kFirst;
  co_return false;
}

void Delivery::add(std::string_view bytes) {
  if (behaviour_.dribble_bytes == 0)
    box_.add(bytes);
  else
    dribbling_.append(bytes);
}

bool Delivery::try_flush() {
  if (behaviour_.dribble_bytes != 0) return false;
  const std::size_t bytes = box_.bytes();
  if (box_.try_send(stream_).status != net::IoStatus::kDone) return false;
  bytes_ += bytes;
  return true;
}

net::Task<bool> Delivery::flush() {
  if (behaviour_.dribble_bytes != 0) co_return co_await dribble();
  const std::size_t bytes = box_.bytes();
  const auto sent = co_await http_io::send_all(box_, stream_, {.stall = kSendTimeout}, &stream_.readiness);
  if (sent)
    bytes_ += bytes;
  else
    client_closed_ = !stream_.readiness.cancelled;
  co_return sent.has_value();
}

net::Task<bool> Delivery::dribble() {
  const std::string text = std::exchange(dribbling_, {});
  for (std::size_t at = 0; at < text.size(); at += behaviour_.dribble_bytes) {
    const std::size_t size = std::min<std::size_t>(behaviour_.dribble_bytes, text.size() - at);
    box_.add({text.data() + at, size});
    const auto sent = co_await http_io::send_all(box_, stream_, {.stall = kSendTimeout}, &stream_.readiness);
    if (!sent) {
      client_closed_ = !stream_.readiness.cancelled;
      co_return false;
    }
    bytes_ += size;
    if (!co_await pause(kDribblePause)) co_return false;
  }
  co_return true;
}

net::Task<bool> Delivery::send_raw(std::string_view bytes) {
  add(bytes);
  co_return co_await flush();
}

void Delivery::begin(const ResponseStart& start) {
  framing_ = start.framing;
  // HTTP/1.0 knows no chunks.
  if (framing_ == Framing::kChunked && request_.head.minor_version == 0) framing_ = Framing::kUntilClose;
  must_close_ = request_.wanted == Persistence::kClose || framing_ == Framing::kUntilClose;
  head_.reserve(1024);
  auto out = std::back_inserter(head_);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\ncontent-type: {}\r\n", start.status,
                 http::reason_phrase(start.status), start.content_type);
  head_.append(start.fields);
  if (framing_ == Framing::kChunked) head_.append("transfer-encoding: chunked\r\n");
  if (framing_ == Framing::kLength) {
    const std::int64_t length = static_cast<std::int64_t>(start.length) + behaviour_.bad_length.value_or(0);
    fmt::format_to(out, "content-length: {}\r\n", std::max<std::int64_t>(length, 0));
    must_close_ = must_close_ || behaviour_.bad_length.has_value();
  }
  // A liar does not announce that it will close.
  if (must_close_ && !behaviour_.bad_length) head_.append("connection: close\r\n");
  head_.append(kLineEnd);
  paced_ =
      behaviour_.first_token > base::Duration::zero() || behaviour_.token_interval > base::Duration::zero();
  mark_ = next_mark();
  add(head_);
}

net::Task<Persistence> Delivery::send(const ResponseStart& start, BodySource& body) {
  begin(start);
  const bool has_body = request_.head.method != "HEAD";
  bool left_out = false;
  while (has_body) {
    if (start.end_after == events_) {
      end_body();
      left_out = true;
      break;
    }
    const Piece piece = body.next();
    if (paced_ && piece.pace == Pace::kToken && !co_await keep_pace()) co_return Persistence::kClose;
    if (!co_await send_piece(piece, start.unit)) co_return Persistence::kClose;
    note_sent(piece.pace);
    if (piece.last) break;
  }
  if (has_pending() && !co_await flush()) co_return Persistence::kClose;
  whole_ = !left_out;
  co_return must_close_ ? Persistence::kClose : Persistence::kKeep;
}

void Delivery::note_sent(Pace pace) {
  if (!received_ || times_.pieces.size() >= SentTimes::kTimesMax) return;
  times_.pieces.push_back(base::monotonic_now() - *received_);
  if (pace == Pace::kToken) times_.tokens.push_back(times_.pieces.back());
}

net::Task<bool> Delivery::keep_pace() {
  if (token_due_ == base::MonotonicTime{}) token_due_ = base::monotonic_now() + behaviour_.first_token;
  // Due times are absolute, so that a late turn of the loop does not slow the stream down.
  const base::MonotonicTime due = token_due_;
  token_due_ += behaviour_.token_interval;
  if (due <= base::monotonic_now()) co_return true;
  if (has_pending() && !co_await flush()) co_return false;
  co_return co_await pause_until(due);
}

net::Task<bool> Delivery::send_piece(Piece piece, Unit unit) {
  std::string_view left = piece.text;
  while (true) {
    while (done_ == mark_)
      if (!co_await on_mark()) co_return false;
    std::size_t size = left.size();
    if (unit == Unit::kBytes && mark_ - done_ < size) size = static_cast<std::size_t>(mark_ - done_);
    frame(left.substr(0, size));
    done_ += unit == Unit::kEvents ? 1 : size;
    left.remove_prefix(size);
    if (left.empty()) break;
    if (!try_flush() && !co_await flush()) co_return false;
  }
  ++events_;
  if (piece.last) {
    while (done_ == mark_)
      if (!co_await on_mark()) co_return false;
    end_body();
  }
  co_return try_flush() || co_await flush();
}

void Delivery::frame(std::string_view text) {
  if (text.empty()) return;  // an empty chunk would be the last one
  if (framing_ == Framing::kChunked) {
    char* end = std::to_chars(chunk_size_.data(), chunk_size_.data() + 16, text.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    add({chunk_size_.data(), static_cast<std::size_t>(end - chunk_size_.data())});
  }
  add(text);
  if (framing_ == Framing::kChunked) add(kLineEnd);
}

void Delivery::end_body() {
  if (framing_ == Framing::kChunked) add(kLastChunk);
}

std::uint64_t Delivery::next_mark() const {
  std::uint64_t mark = kNoMark;
  if (behaviour_.stall > base::Duration::zero() && !stalled_) mark = behaviour_.stall_after;
  if (behaviour_.cut_after) mark = std::min(mark, *behaviour_.cut_after);
  if (behaviour_.reset_after) mark = std::min(mark, *behaviour_.reset_after);
  return mark;
}

net::Task<bool> Delivery::on_mark() {
  if (has_pending() && !co_await flush()) co_return false;
  if (behaviour_.stall > base::Duration::zero() && !stalled_ && behaviour_.stall_after == done_) {
    stalled_ = true;
    mark_ = next_mark();
    co_return co_await pause(behaviour_.stall);
  }
  // A reset throws away what the socket has not sent yet.
  if (behaviour_.reset_after == done_) stream_.abort();
  co_return false;
}

}  // namespace archestra::simulator
