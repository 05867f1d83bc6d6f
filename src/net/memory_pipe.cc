#include "net/memory_pipe.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace archestra::net {
namespace {

class MemoryStream;

// One direction: who writes it, who reads it, and what is in between.
struct Direction {
  std::string bytes;
  std::size_t taken = 0;  // of bytes, by the reader; moved up only now and then
  bool ended = false;     // the writer said FIN
  bool broken = false;    // the writer aborted
  MemoryStream* reader = nullptr;
  MemoryStream* writer = nullptr;

  std::string_view unread() const { return std::string_view(bytes).substr(taken); }
  void take(std::size_t count) {
    taken += count;
    if (taken < bytes.size() / 2) return;
    bytes.erase(0, taken);
    taken = 0;
  }
};

struct Shared {
  Direction a_to_b;
  Direction b_to_a;
  MemoryPipeOptions options;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(EventLoop& loop, std::shared_ptr<Shared> shared, Direction& in, Direction& out)
      : Stream(loop), shared_(std::move(shared)), in_(in), out_(out) {
    in_.reader = this;
    out_.writer = this;
    readiness.writable = true;
  }

  ~MemoryStream() override {
    in_.reader = nullptr;
    out_.writer = nullptr;
    if (in_.writer != nullptr) in_.writer->readiness.set_writable();
    if (!out_.ended) end();
  }

  IoResult try_read(char* to, std::size_t size) override {
    if (in_.broken) return {.status = IoStatus::kFailed, .error = {base::ErrorCode::kReset, "read"}};
    if (in_.unread().empty()) {
      if (in_.ended) return {.status = IoStatus::kEnd};
      readiness.readable = false;
      return {.status = IoStatus::kBlocked};
    }
    const std::size_t bytes = std::min({size, in_.unread().size(), shared_->options.read_bytes_max});
    std::memcpy(to, in_.unread().data(), bytes);
    in_.take(bytes);
    if (in_.unread().empty() && !readiness.gone) readiness.readable = false;
    if (in_.writer != nullptr) in_.writer->readiness.set_writable();
    return {.status = IoStatus::kDone, .bytes = bytes};
  }

  IoResult try_write(std::span<const iovec> pieces) override {
    if (out_.reader == nullptr)
      return {.status = IoStatus::kFailed, .error = {base::ErrorCode::kReset, "write"}};
    std::size_t room =
        std::min(shared_->options.capacity - out_.unread().size(), shared_->options.write_bytes_max);
    if (room == 0) {
      readiness.writable = false;
      return {.status = IoStatus::kBlocked};
    }
    std::size_t written = 0;
    for (const iovec& piece : pieces) {
      const std::size_t bytes = std::min(room, piece.iov_len);
      out_.bytes.append(static_cast<const char*>(piece.iov_base), bytes);
      written += bytes;
      room -= bytes;
    }
    out_.reader->readiness.set_readable();
    return {.status = IoStatus::kDone, .bytes = written};
  }

  void shut_down_write() override {
    if (!out_.ended) end();
  }
  void abort() override { out_.broken = true; }

 private:
  void end() {
    out_.ended = true;
    if (out_.reader == nullptr) return;
    out_.reader->readiness.set_gone();
    out_.reader->readiness.set_readable();
  }

  const std::shared_ptr<Shared> shared_;
  Direction& in_;
  Direction& out_;
};

}  // namespace

std::pair<StreamPtr, StreamPtr> make_memory_pipe(EventLoop& loop, MemoryPipeOptions options) {
  auto shared = std::make_shared<Shared>();
  shared->options = options;
  auto a = std::make_unique<MemoryStream>(loop, shared, shared->b_to_a, shared->a_to_b);
  auto b = std::make_unique<MemoryStream>(loop, shared, shared->a_to_b, shared->b_to_a);
  return {std::move(a), std::move(b)};
}

}  // namespace archestra::net
