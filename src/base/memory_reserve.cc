#include "base/memory_reserve.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

#include "base/clock.h"

namespace archestra::base {
namespace {

constexpr std::size_t kPieces = 4;
constexpr std::size_t kPieceBytes = std::size_t{8} << 20;
// As long as a client that was refused is told to wait.
constexpr Duration kShortFor = std::chrono::seconds(1);

std::array<std::atomic<void*>, kPieces> g_pieces{};
std::atomic<MonotonicTime::rep> g_last_used{0};

// Writable, for else it would not count where data does.
bool take_back(std::atomic<void*>& piece) {
  void* const mapped =
      ::mmap(nullptr, kPieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  void* expected = nullptr;
  if (!piece.compare_exchange_strong(expected, mapped)) ::munmap(mapped, kPieceBytes);
  return true;
}

thread_local bool t_without = false;
thread_local bool t_refused = false;

void on_no_memory() {
  if (t_without) t_refused = true;
  if (t_without || !use_memory_aside()) throw std::bad_alloc();
}

}  // namespace

void set_memory_aside() {
  for (std::atomic<void*>& piece : g_pieces)
    if (piece.load() == nullptr) take_back(piece);
  std::set_new_handler(on_no_memory);
}

bool use_memory_aside() {
  for (std::atomic<void*>& piece : g_pieces) {
    if (void* const mapped = piece.exchange(nullptr)) {
      g_last_used = monotonic_now().time_since_epoch().count();
      ::munmap(mapped, kPieceBytes);
      return true;
    }
  }
  return false;
}

WithoutMemoryAside::WithoutMemoryAside() {
  t_without = true;
  t_refused = false;
}
WithoutMemoryAside::~WithoutMemoryAside() { t_without = false; }
bool WithoutMemoryAside::has_refused() const { return t_refused; }

bool memory_is_short() {
  const MonotonicTime::rep last_used = g_last_used.load(std::memory_order_relaxed);
  if (last_used == 0) return false;
  bool is_whole = true;
  for (std::atomic<void*>& piece : g_pieces) is_whole &= piece.load() != nullptr || take_back(piece);
  return !is_whole && monotonic_now() - MonotonicTime(Duration(last_used)) < kShortFor;
}

}  // namespace archestra::base
