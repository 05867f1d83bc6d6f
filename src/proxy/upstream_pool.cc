#include "proxy/upstream_pool.h"

#include <algorithm>
#include <utility>

#include "http_io/tunnel.h"

namespace archestra::proxy {
namespace {

// A request that is on its way when the peer's time is up would be lost.
constexpr base::Duration kPeerMargin = std::chrono::seconds(1);
// The loop would have heard of an end by now, or nearly so: a busy connection is not looked at each time.
constexpr base::Duration kTrusted = std::chrono::milliseconds(10);

}  // namespace

UpstreamPlace::~UpstreamPlace() {
  if (pool_ != nullptr) pool_->leave(*target_);
}

UpstreamConnection::UpstreamConnection(UpstreamPlace place, net::StreamPtr stream, base::BufferPool& buffers)
    : place_(std::move(place)), http_(std::move(stream), buffers), idle_(http_.stream().loop) {
  idle_.owner = this;
  idle_.callback = &UpstreamPool::on_idle_event;
}

// Whether an idle connection is still as it was left. TLS says "readable" for its own messages too: only a
// look tells.
bool UpstreamPool::is_quiet(UpstreamConnection& connection) const {
  const net::Readiness& readiness = connection.stream().readiness;
  if (readiness.gone) return false;
  if (!readiness.readable && loop_.now() - connection.idle_since_ < kTrusted) return true;
  const net::IoResult read = connection.http_.source().fill();
  connection.http_.source().release_if_empty();
  return read.status == net::IoStatus::kBlocked;
}

UpstreamPtr UpstreamPool::try_take(const Target& target) {
  const auto found = lines_.find(&target);
  if (found == lines_.end()) return nullptr;
  std::vector<UpstreamPtr>& idle = found->second.idle;
  while (!idle.empty()) {
    UpstreamPtr connection = std::move(idle.back());
    idle.pop_back();
    connection->idle_.leave();
    // What this turn's events said may not have been acted upon yet.
    if (is_quiet(*connection)) return connection;
  }
  return nullptr;
}

net::Task<base::Result<UpstreamTurn>> UpstreamPool::wait_for_turn(const Target& target,
                                                                  base::MonotonicTime deadline,
                                                                  net::Readiness& gone) {
  Line& line = lines_[&target];
  if (line.places < limits_.connections_max) {
    ++line.places;
    co_return UpstreamTurn{.connection = nullptr, .place = {*this, target}};
  }
  InLine self;
  line.waiting.push_back(&self);
  const net::Wake wake = co_await net::Wait(
      loop_, {{&self.called, net::Interest::kReadable}, {&gone, net::Interest::kGone}}, deadline);
  // Whose turn it became at the last moment has it; for one who left it is the next one's.
  if (wake == net::Wake::kFirst || (wake == net::Wake::kTimeout && self.called.readable))
    co_return std::move(self.turn);
  if (!self.called.readable)
    std::erase(line.waiting, &self);
  else if (self.turn.connection)
    give_back(std::move(self.turn.connection));
  if (wake == net::Wake::kTimeout)
    co_return base::fail(base::ErrorCode::kOverload, "all connections that the provider may have are in use");
  co_return base::fail(base::ErrorCode::kCancelled, "waiting for a connection");
}

void UpstreamPool::call_next(Line& line, UpstreamTurn turn) {
  InLine& next = *line.waiting.front();
  line.waiting.pop_front();
  next.turn = std::move(turn);
  next.called.set_readable();
}

void UpstreamPool::leave(const Target& target) {
  Line& line = lines_[&target];
  if (line.waiting.empty())
    --line.places;
  else
    call_next(line, {.connection = nullptr, .place = {*this, target}});
}

net::Task<base::Result<UpstreamPtr>> UpstreamPool::dial(UpstreamPlace place, base::MonotonicTime deadline,
                                                        net::Readiness& gone) {
  auto stream = co_await http_io::connect(
      {.loop = loop_, .resolver = resolver_, .sessions = tls_sessions_, .buffers = buffers_},
      place.target_->endpoint, place.target_->proxy, deadline, &gone);
  if (!stream) co_return base::fail(stream.error());
  co_return std::make_unique<UpstreamConnection>(std::move(place), std::move(*stream), buffers_);
}

void UpstreamPool::give_back(UpstreamPtr connection) {
  connection->http_.source().release_if_empty();
  const base::Duration kept = std::min(limits_.idle, connection->peer_keeps_ - kPeerMargin);
  if (kept <= base::Duration::zero()) return;
  UpstreamConnection& given = *connection;
  given.http_.reused = true;
  given.idle_since_ = loop_.now();
  Line& line = line_of(given);
  if (!line.waiting.empty()) {
    if (is_quiet(given)) call_next(line, {.connection = std::move(connection), .place = {}});
    return;
  }
  line.idle.push_back(std::move(connection));
  given.idle_until_ = given.idle_since_ + kept;
  keep_idle(given);
}

void UpstreamPool::keep_idle(UpstreamConnection& connection) {
  net::Readiness& readiness = connection.stream().readiness;
  while (!connection.idle_.start({{&readiness, net::Interest::kGone}, {&readiness, net::Interest::kReadable}},
                                 connection.idle_until_)) {
    // Ready already.
    if (connection.idle_.wake() != net::Wake::kSecond || !is_quiet(connection)) return drop(connection);
  }
}

void UpstreamPool::on_idle_event(net::Waiter& waiter) {
  auto& connection = *static_cast<UpstreamConnection*>(waiter.owner);
  UpstreamPool& pool = *connection.place_.pool_;
  if (waiter.wake() != net::Wake::kSecond) return pool.drop(connection);
  pool.keep_idle(connection);
}

void UpstreamPool::drop(UpstreamConnection& connection) {
  std::erase_if(line_of(connection).idle, [&](const UpstreamPtr& held) { return held.get() == &connection; });
}

void UpstreamPool::clear() {
  for (auto& [target, line] : lines_) line.idle.clear();
}

}  // namespace archestra::proxy
