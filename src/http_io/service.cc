#include "http_io/service.h"

#include <utility>

namespace archestra::http_io {

void AnswerSlot::put(ServiceAnswer answer) {
  loop_.post([slot = shared_from_this(), answer = std::move(answer)]() mutable {
    slot->answer_ = std::move(answer);
    slot->arrived_.set_readable();
  });
}

net::Task<base::Result<ServiceAnswer>> AnswerSlot::wait(net::Readiness& client,
                                                        base::MonotonicTime deadline) {
  const auto keep_alive = shared_from_this();
  const net::Wake wake = co_await net::Wait(
      loop_, {{&arrived_, net::Interest::kReadable}, {&client, net::Interest::kGone}}, deadline);
  if (wake == net::Wake::kFirst) co_return std::move(*answer_);
  abandoned_.store(true, std::memory_order_relaxed);
  co_return base::fail(wake == net::Wake::kTimeout ? base::ErrorCode::kTimeout : base::ErrorCode::kCancelled,
                       "an answer of the platform API");
}

}  // namespace archestra::http_io
