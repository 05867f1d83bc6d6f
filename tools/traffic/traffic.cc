#include "traffic/traffic.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "http/sse.h"

namespace archestra::traffic {
namespace {

using std::chrono::seconds;

constexpr base::Duration kCallTimeout = seconds(60);
constexpr base::Duration kScrapeTimeout = seconds(2);
constexpr base::Duration kGrace = seconds(3);  // for calls in flight at the end
constexpr std::size_t kEventBytesMax = std::size_t{1} << 20;
constexpr std::size_t kScrapeBytesMax = std::size_t{64} << 20;

// What stands before the provider's own path.
std::string path_of(const http::Url& url, Dialect dialect) {
  if (url.path.empty() || url.path == "/") return fmt::format("/v1/{}", name_of(dialect));
  return url.path;
}

/// Reads a stream's events: when content first came, and when to leave.
class EventWatch final : public BodyReader {
 public:
  explicit EventWatch(const CallPlan& plan) : plan_(plan), reader_(kEventBytesMax) {}

  Wish on_bytes(std::string_view bytes) override {
    if (!plan_.stream) return Wish::kMore;
    reader_.feed(bytes);
    while (const auto event = reader_.next()) {
      ++events_;
      if (!first_content_ && carries_content(plan_.dialect, event->raw))
        first_content_ = base::monotonic_now();
      if (plan_.abort_after && events_ >= *plan_.abort_after) return Wish::kLeave;
    }
    return Wish::kMore;
  }
  std::optional<base::MonotonicTime> first_content() const { return first_content_; }

 private:
  const CallPlan& plan_;
  http::SseReader reader_;
  std::uint32_t events_ = 0;
  std::optional<base::MonotonicTime> first_content_;
};

class TextReader final : public BodyReader {
 public:
  Wish on_bytes(std::string_view bytes) override {
    text.append(bytes);
    return text.size() < kScrapeBytesMax ? Wish::kMore : Wish::kLeave;
  }
  std::string text;
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::string text_of(const http::Url& url) {
  return fmt::format("http://{}{}{}{}", url.authority(), url.path, url.query.empty() ? "" : "?", url.query);
}

Traffic::Traffic(TrafficOptions options)
    : options_(std::move(options)),
      resolver_(loop_),
      client_(loop_, pool_, resolver_, options_.url),
      random_(options_.seed),
      screen_(options_.screen) {
  if (options_.metrics_url) metrics_client_.emplace(loop_, pool_, resolver_, *options_.metrics_url);
}

base::Result<void> Traffic::run() {
  started_at_ = base::monotonic_now();
  ends_at_ = options_.seconds > 0 ? started_at_ + base::Duration(std::llround(options_.seconds * 1e9))
                                  : base::kNever;
  if (!options_.admin_token.empty()) {
    tasks_.spawn(prepare());
    while (tasks_.active() > 0) loop_.turn(seconds(1));
    if (agents_.empty()) return base::fail(last_error_);
  }
  print("\n");
  for (const Dialect dialect : options_.dialects) {
    http::Url url = options_.url;
    url.path = path_of(url, dialect);
    print(fmt::format("  API base URL  {}\n", text_of(url)));
  }
  if (metrics_client_) print(fmt::format("  Metrics       {}\n", text_of(metrics_client_->url())));
  for (const DemoAgent& agent : agents_) print(fmt::format("  Agent         {}  {}\n", agent.id, agent.name));
  print("\n");
  tasks_.spawn(generate());
  tasks_.spawn(show_each_second());
  while (tasks_.active() > 0) loop_.turn(seconds(1));
  const base::MonotonicTime limit = base::monotonic_now() + kGrace;
  while (calls_.active() > 0 && base::monotonic_now() < limit) loop_.turn(std::chrono::milliseconds(50));
  client_.cancel();
  while (calls_.active() > 0) loop_.turn(std::chrono::milliseconds(50));
  tasks_.spawn(scrape());
  while (tasks_.active() > 0) loop_.turn(std::chrono::milliseconds(50));
  Snapshot last = snapshot();
  last.calls_per_second = static_cast<double>(figures_.all().calls) / base::to_seconds(last.running);
  print(screen_.finish(last));
  if (figures_.answered() == 0) return base::fail(last_error_);
  return {};
}

void Traffic::stop() {
  loop_.post([this] {
    stopping_ = true;
    stop_generating_.cancel();
    stop_showing_.cancel();
  });
}

net::Task<void> Traffic::prepare() {
  auto agents = co_await make_agents(client_, options_.admin_token);
  if (agents)
    agents_ = std::move(*agents);
  else
    last_error_ = agents.error();
}

// The default agent has its share too.
std::string Traffic::agent_segment() {
  const std::size_t which = random_.below(agents_.size() + 1);
  return which == agents_.size() ? std::string() : "/" + agents_[which].id;
}

net::Task<void> Traffic::generate() {
  base::MonotonicTime due = base::monotonic_now();
  while (!is_over()) {
    // Exponential gaps: calls come independently of one another.
    const double gap_s = -std::log(1 - random_.unit()) / options_.rate_per_second;
    due += base::Duration(std::llround(gap_s * 1e9));
    const net::Wake wake =
        co_await net::Wait(loop_, {{&stop_generating_, net::Interest::kGone}}, std::min(due, ends_at_));
    if (wake != net::Wake::kTimeout || is_over()) co_return;
    CallPlan plan = next_plan(random_, options_.dialects);
    if (!agents_.empty()) plan.path.insert(0, agent_segment());
    if (calls_.active() < options_.in_flight_max)
      calls_.spawn(call(std::move(plan)));
    else
      ++figures_.unsent;
  }
}

net::Task<void> Traffic::call(CallPlan plan) {
  const http::Url& url = client_.url();
  const std::string request = fmt::format(
      "POST {}{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
      path_of(url, plan.dialect), plan.path, url.authority(), plan.fields, plan.body.size(), plan.body);
  const base::MonotonicTime started = base::monotonic_now();
  EventWatch watch(plan);
  const auto answer = co_await client_.exchange(request, watch, started + kCallTimeout);
  if (!answer && answer.error().code == base::ErrorCode::kCancelled) co_return;  // our own end
  if (!answer) last_error_ = answer.error();
  CallResult result = result_of(answer, started);
  if (watch.first_content()) result.first_token = *watch.first_content() - started;
  figures_.add(plan.kind, result);
}

CallResult Traffic::result_of(const base::Result<Answer>& answer, base::MonotonicTime started) const {
  CallResult result;
  result.latency = base::monotonic_now() - started;
  if (answer) {
    result.status = answer->status;
    result.aborted = answer->left;
  } else {
    result.error = base::name_of(answer.error().code);
  }
  return result;
}

net::Task<void> Traffic::show_each_second() {
  base::MonotonicTime due = started_at_;
  while (!is_over()) {
    due += seconds(1);
    const net::Wake wake =
        co_await net::Wait(loop_, {{&stop_showing_, net::Interest::kGone}}, std::min(due, ends_at_));
    if (wake != net::Wake::kTimeout || is_over()) co_return;
    co_await scrape();
    const std::uint64_t calls = figures_.all().calls;
    calls_per_second_ = static_cast<double>(calls - calls_a_second_ago_);
    calls_a_second_ago_ = calls;
    print(screen_.refresh(snapshot()));
  }
}

net::Task<void> Traffic::scrape() {
  if (!metrics_client_) co_return;
  const http::Url& url = metrics_client_->url();
  const std::string request = fmt::format("GET {}{}{} HTTP/1.1\r\nHost: {}\r\nAccept: text/plain\r\n\r\n",
                                          url.path.empty() ? "/" : url.path, url.query.empty() ? "" : "?",
                                          url.query, url.authority());
  TextReader reader;
  const auto answer =
      co_await metrics_client_->exchange(request, reader, base::monotonic_now() + kScrapeTimeout);
  if (answer && answer->status == 200) tokens_ = sum_tokens(reader.text);
}

Snapshot Traffic::snapshot() const {
  const base::Duration running = std::min(base::monotonic_now(), ends_at_) - started_at_;
  return {.figures = figures_,
          .tokens = tokens_.value_or(TokenCounts{}),
          .tokens_known = tokens_.has_value(),
          .calls_per_second = calls_per_second_,
          .in_flight = calls_.active(),
          .running = running};
}

}  // namespace archestra::traffic
