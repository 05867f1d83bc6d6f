#include "net/lag_sampler.h"

namespace archestra::net {

LagSampler::LagSampler(TimerWheel& timers, base::DelayHistogram& lag, const base::MonotonicTime& now)
    : timers_(timers), lag_(lag), now_(now), timer_(&LagSampler::on_due, this) {
  arm(kIdleInterval);
}

// On a tick of the wheel: how far a deadline is rounded up is not the loop's lag.
void LagSampler::arm(base::Duration interval) {
  idle_ = interval == kIdleInterval;
  worked_ = false;
  due_ = timers_.tick_at(now_ + interval);
  timers_.arm(timer_, due_);
}

void LagSampler::on_due(void* self) {
  auto& sampler = *static_cast<LagSampler*>(self);
  sampler.lag_.record(sampler.now_ - sampler.due_);
  sampler.arm(sampler.worked_ ? kBusyInterval : kIdleInterval);
}

}  // namespace archestra::net
