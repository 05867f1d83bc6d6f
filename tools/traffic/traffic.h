// The traffic generator: makes calls at a rate whatever becomes of them (open loop, seeded), bounded
// only by how many may be in flight, reads the gateway's metrics and shows the figures once a second.
// Everything on the thread that calls run(), except stop().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer_pool.h"
#include "base/ids.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/resolver.h"
#include "net/task.h"
#include "traffic/agents.h"
#include "traffic/client.h"
#include "traffic/figures.h"
#include "traffic/mix.h"
#include "traffic/requests.h"
#include "traffic/screen.h"

namespace archestra::traffic {

struct TrafficOptions {
  http::Url url;  ///< of the gateway; without a path, /v1/<provider> is meant for each call
  std::optional<http::Url> metrics_url;             ///< of its metrics, for the tokens
  std::vector<Dialect> dialects{Dialect::kOpenAi};  ///< of the calls, evenly; at least one
  std::string admin_token;  ///< of the gateway: calls are made for agents of their own too; "" for none
  double rate_per_second = 20;
  double seconds = 0;  ///< how long; 0: until stop()
  std::uint64_t seed = 1;
  std::size_t in_flight_max = 256;
  Screen::Mode screen = Screen::Mode::kLines;
};

/// "http://host:port/path" of a URL.
std::string text_of(const http::Url& url);

class Traffic {
 public:
  explicit Traffic(TrafficOptions options);

  /// Makes calls until the time is over or stop(). Writes the figures to stdout. Fails with the reason where
  /// the agents could not be made, or not one call was answered.
  base::Result<void> run();
  /// Any thread, while the Traffic lives.
  void stop();
  const Figures& figures() const { return figures_; }

 private:
  net::Task<void> prepare();
  std::string agent_segment();
  net::Task<void> generate();
  net::Task<void> call(CallPlan plan);
  net::Task<void> show_each_second();
  net::Task<void> scrape();
  CallResult result_of(const base::Result<Answer>& answer, base::MonotonicTime started) const;
  Snapshot snapshot() const;
  bool is_over() const { return stopping_ || base::monotonic_now() >= ends_at_; }

  const TrafficOptions options_;
  base::BufferPool pool_;
  net::EventLoop loop_;
  net::Resolver resolver_;
  Client client_;
  std::optional<Client> metrics_client_;
  std::vector<DemoAgent> agents_;
  base::Random random_;
  Figures figures_;
  Screen screen_;
  std::optional<TokenCounts> tokens_;
  base::Error last_error_{base::ErrorCode::kInvalid, "no call was made"};
  base::MonotonicTime started_at_;
  base::MonotonicTime ends_at_;
  std::uint64_t calls_a_second_ago_ = 0;
  double calls_per_second_ = 0;
  bool stopping_ = false;
  net::Readiness stop_generating_;
  net::Readiness stop_showing_;
  net::TaskGroup tasks_;
  net::TaskGroup calls_;
};

}  // namespace archestra::traffic
