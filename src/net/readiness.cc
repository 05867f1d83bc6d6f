#include "net/readiness.h"

#include <algorithm>

#include "base/assert.h"
#include "net/event_loop.h"

namespace archestra::net {
namespace {

std::size_t index_of(Interest interest) { return static_cast<std::size_t>(interest); }

}  // namespace

bool Waiter::start(std::initializer_list<WaitFor> what, base::MonotonicTime deadline) {
  ARCHESTRA_ASSERT(what.size() <= what_.size() && count_ == 0 && !queued_,
                   "a waiter waits once, for three things at most");
  if (loop_.now() >= deadline) {
    wake_ = Wake::kTimeout;
    return false;
  }
  std::int8_t index = 0;
  for (const WaitFor& wanted : what) {
    if (wanted.source != nullptr && (wanted.source->cancelled || wanted.source->is(wanted.interest))) {
      wake_ = wanted.source->cancelled ? Wake::kCancelled : static_cast<Wake>(index);
      if (loop_.take_ready_wait()) return false;
      loop_.queue(*this);
      return true;
    }
    ++index;
  }
  for (const WaitFor& wanted : what) {
    what_[count_++] = wanted;
    if (wanted.source == nullptr) continue;
    Waiter*& slot = wanted.source->waiters_[index_of(wanted.interest)];
    ARCHESTRA_ASSERT(slot == nullptr, "one waiter per interest");
    slot = this;
  }
  loop_.timers().arm(timer_, deadline);
  return true;
}

void Waiter::leave_sources() {
  for (std::size_t i = 0; i < count_; ++i) {
    if (what_[i].source == nullptr) continue;
    Waiter*& slot = what_[i].source->waiters_[index_of(what_[i].interest)];
    if (slot == this) slot = nullptr;
  }
  count_ = 0;
  timer_.cancel();
}

void Waiter::leave() {
  leave_sources();
  if (queued_) loop_.unqueue(*this);
}

void Waiter::make_ready(Wake why) {
  wake_ = why;
  leave_sources();
  loop_.queue(*this);
}

void Waiter::on_timer(void* self) { static_cast<Waiter*>(self)->make_ready(Wake::kTimeout); }

Readiness::~Readiness() {
  for (Waiter* waiter : waiters_)
    ARCHESTRA_ASSERT(waiter == nullptr, "a stream dies before what waits for it");
}

bool Readiness::is(Interest interest) const {
  switch (interest) {
    case Interest::kReadable:
      return readable;
    case Interest::kWritable:
      return writable;
    case Interest::kGone:
      return gone;
  }
  return false;
}

void Readiness::wake(Interest interest) {
  Waiter* const waiter = waiters_[index_of(interest)];
  if (waiter == nullptr) return;
  for (std::size_t i = 0; i < waiter->count_; ++i) {
    const WaitFor& wanted = waiter->what_[i];
    if (wanted.source == this && wanted.interest == interest) {
      waiter->make_ready(static_cast<Wake>(i));
      return;
    }
  }
}

void Readiness::set_readable() {
  readable = true;
  wake(Interest::kReadable);
}

void Readiness::set_writable() {
  writable = true;
  wake(Interest::kWritable);
}

void Readiness::set_gone() {
  gone = true;
  wake(Interest::kGone);
}

void Readiness::cancel() {
  cancelled = true;
  for (Waiter* waiter : std::array(waiters_))
    if (waiter != nullptr && !waiter->queued_) waiter->make_ready(Wake::kCancelled);
}

void NextTurn::await_suspend(std::coroutine_handle<> handle) {
  waiter_.resume_handle = handle;
  loop_.queue(waiter_);
}

}  // namespace archestra::net
