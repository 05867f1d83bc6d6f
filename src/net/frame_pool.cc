#include "net/frame_pool.h"

#include <array>
#include <new>

namespace archestra::net {
namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kPooledMax = 4096;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeLists {
  // What is free beyond this goes back to the heap: frames of a crowd of connections that has left.
  [[maybe_unused]] static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  std::array<FreeFrame*, kPooledMax / kStep + 1> heads{};
  std::size_t bytes = 0;

  ~FreeLists() {
    for (FreeFrame* frame : heads) {
      while (frame != nullptr) {
        FreeFrame* const next = frame->next;
        ::operator delete(frame);
        frame = next;
      }
    }
  }
};

#ifndef ARCHESTRA_SANITIZED
thread_local FreeLists t_free;

std::size_t class_of(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }
#endif

}  // namespace

void* allocate_frame(std::size_t bytes) {
#ifndef ARCHESTRA_SANITIZED
  if (bytes <= kPooledMax) {
    FreeFrame*& head = t_free.heads[class_of(bytes)];
    if (head != nullptr) {
      FreeFrame* const frame = head;
      head = frame->next;
      t_free.bytes -= class_of(bytes) * kStep;
      return frame;
    }
    return ::operator new(class_of(bytes) * kStep);
  }
#endif
  return ::operator new(bytes);
}

void free_frame(void* frame, std::size_t bytes) noexcept {
#ifndef ARCHESTRA_SANITIZED
  const std::size_t size = class_of(bytes) * kStep;
  if (bytes <= kPooledMax && t_free.bytes + size <= FreeLists::kBytesMax) {
    t_free.bytes += size;
    FreeFrame*& head = t_free.heads[class_of(bytes)];
    head = ::new (frame) FreeFrame{head};
    return;
  }
#endif
  (void)bytes;
  ::operator delete(frame);
}

}  // namespace archestra::net
