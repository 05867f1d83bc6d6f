#include "api/live_feed.h"

#include <fmt/format.h>

#include <utility>

#include "api/figures_json.h"

namespace archestra::api {
namespace {

// How long an EventSource waits before it connects again (WHATWG HTML section 9.2.6), in milliseconds.
constexpr int kRetry = 2000;

}  // namespace

LiveFeed::LiveFeed(telemetry::History& history) {
  history.tell_seconds([this](const telemetry::LiveSecond& second) { on_second(second); });
}

void LiveFeed::on_second(const telemetry::LiveSecond& second) {
  std::string json;
  append_second(json, second);
  const auto event = std::make_shared<const std::string>(fmt::format("event: second\ndata: {}\n\n", json));
  const std::scoped_lock lock(mutex_);
  seconds_.push_back(std::move(json));
  if (seconds_.size() > kSecondsKept) seconds_.pop_front();
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock()) stream->put(event);
}

// Under the lock from the history to the place among the streams, so that no second is missed or told twice.
ServiceAnswer LiveFeed::watch(const Query& query) {
  if (const auto fault = query.fault({})) return invalid_request(*fault);
  const std::scoped_lock lock(mutex_);
  std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
  if (streams_.size() >= kStreamsMax)
    return error_answer(503, "overloaded",
                        fmt::format("{} others watch already, as many as may.", kStreamsMax),
                        "Retry-After: 10\r\n");
  auto stream = std::make_shared<http_io::EventStream>(kStreamTime);
  streams_.push_back(stream);
  return {.status = 200,
          .body = fmt::format("retry: {}\nevent: history\ndata: {{\"seconds\":[{}]}}\n\n", kRetry,
                              fmt::join(seconds_, ",")),
          .events = std::move(stream)};
}

}  // namespace archestra::api
