// What a stream is ready for, and the coroutine that waits for it. Readiness is edge-triggered: a flag
// stays set until an operation has found the descriptor drained (short read, EAGAIN) and clears it.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <initializer_list>

#include "base/clock.h"
#include "net/timer_wheel.h"

namespace archestra::net {

class EventLoop;
class Readiness;

/// What a waiter wants of a stream.
enum class Interest : std::uint8_t {
  kReadable,
  kWritable,
  kGone,  ///< the peer closed its side or broke the connection
};

struct WaitFor {
  Readiness* source = nullptr;  ///< null: nobody to wait for
  Interest interest = Interest::kReadable;
};

/// Why a wait ended: the index of the first WaitFor that came true, or one of these.
enum class Wake : std::int8_t { kFirst = 0, kSecond = 1, kThird = 2, kTimeout = -1, kCancelled = -2 };

/// Something that can be made ready by the loop: a suspended coroutine, or a callback. Stands in the
/// slots of up to three sources and in the timer wheel; leaves them all when it wakes or dies.
class Waiter {
 public:
  using Callback = void (*)(Waiter&);
  explicit Waiter(EventLoop& loop) : loop_(loop), timer_(&Waiter::on_timer, this) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { leave(); }

  /// Begins to wait; the result comes by `resume` (a coroutine) or `callback`, never from inside this call.
  /// False where something is true already: then wake() tells and nothing was begun.
  bool start(std::initializer_list<WaitFor> what, base::MonotonicTime deadline);
  Wake wake() const { return wake_; }
  /// Stops waiting without a result.
  void leave();

  std::coroutine_handle<> resume_handle;
  Callback callback = nullptr;
  void* owner = nullptr;  ///< for the callback

 private:
  friend class EventLoop;
  friend class Readiness;
  static void on_timer(void* self);
  void make_ready(Wake why);
  void leave_sources();

  EventLoop& loop_;
  std::array<WaitFor, 3> what_{};
  std::uint8_t count_ = 0;
  Wake wake_ = Wake::kTimeout;
  // The loop's list of ready waiters.
  bool queued_ = false;
  std::uint32_t queued_in_turn_ = 0;
  Waiter* next_ready_ = nullptr;
  Waiter* previous_ready_ = nullptr;
  Timer timer_;
};

/// The flags of one stream and who waits for each. One waiter per interest.
class Readiness {
 public:
  Readiness() = default;
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();

  bool readable = false;
  bool writable = false;
  bool gone = false;       ///< sticky: once the peer closed, reads go on to the end and then say so
  bool cancelled = false;  ///< sticky: set by cancel()

  /// Sets flags and makes their waiters ready.
  void set_readable();
  void set_writable();
  void set_gone();
  /// Ends every present and future wait on this source with Wake::kCancelled.
  void cancel();

 private:
  friend class Waiter;
  bool is(Interest interest) const;
  void wake(Interest interest);
  std::array<Waiter*, 3> waiters_{};
};

/// `const Wake why = co_await Wait(loop, {{&upstream, kReadable}, {&client, kGone}}, deadline);`
/// A passed deadline comes before readiness, so that a peer that is always ready cannot outlive it.
/// What is ready already does not suspend, but for now and then (EventLoop::take_ready_wait): a coroutine
/// whose streams are always ready lets the others run, and time pass.
class [[nodiscard]] Wait {
 public:
  Wait(EventLoop& loop, std::initializer_list<WaitFor> what, base::MonotonicTime deadline)
      : waiter_(loop), started_(waiter_.start(what, deadline)) {}

  bool await_ready() const noexcept { return !started_; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter_.resume_handle = handle; }
  Wake await_resume() const noexcept { return waiter_.wake(); }

 private:
  Waiter waiter_;
  const bool started_;
};

/// `co_await NextTurn(loop);` lets the others run before it goes on: for who has much to do and waits for
/// nobody.
class [[nodiscard]] NextTurn {
 public:
  explicit NextTurn(EventLoop& loop) : loop_(loop), waiter_(loop) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const noexcept {}

 private:
  EventLoop& loop_;
  Waiter waiter_;
};

}  // namespace archestra::net
