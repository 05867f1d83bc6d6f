#include "proxy/upstream_pool.h"

#include <algorithm>
#include <utility>

namespace archestra::proxy {

UpstreamConnection::UpstreamConnection(UpstreamPool& pool, const Target& target, net::StreamPtr stream,
                                       base::BufferPool& buffers)
    : pool_(pool), target_(target), http_(std::move(stream), buffers), idle_(http_.stream().loop) {
  idle_.owner = this;
  idle_.callback = &UpstreamPool::on_idle_event;
}

// Whether an idle connection is still as it was left. TLS says "readable" for its own messages too: only a
// look tells.
bool UpstreamPool::is_quiet(UpstreamConnection& connection) {
  const net::Readiness& readiness = connection.stream().readiness;
  if (readiness.gone) return false;
  if (!readiness.readable) return true;
  const net::IoResult read = connection.http_.source().fill();
  connection.http_.source().release_if_empty();
  return read.status == net::IoStatus::kBlocked;
}

UpstreamPtr UpstreamPool::try_take(const Target& target) {
  const auto found = idle_.find(&target);
  if (found == idle_.end()) return nullptr;
  Idle& list = found->second;
  while (!list.empty()) {
    UpstreamPtr connection = std::move(list.back());
    list.pop_back();
    connection->idle_.leave();
    // What this turn's events said may not have been acted upon yet.
    if (is_quiet(*connection)) return connection;
  }
  return nullptr;
}

net::Task<base::Result<UpstreamPtr>> UpstreamPool::dial(const Target& target, base::MonotonicTime deadline,
                                                        net::Readiness& gone) {
  auto stream = co_await net::connect(loop_, resolver_, target.endpoint, deadline, &gone);
  if (!stream) co_return base::fail(stream.error());
  co_return std::make_unique<UpstreamConnection>(*this, target, std::move(*stream), buffers_);
}

void UpstreamPool::give_back(UpstreamPtr connection) {
  connection->http_.source().release_if_empty();
  UpstreamConnection& kept = *connection;
  idle_[&kept.target_].push_back(std::move(connection));
  kept.idle_until_ = loop_.now() + timeouts_.pooled_idle;
  keep_idle(kept);
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
  UpstreamPool& pool = connection.pool_;
  if (waiter.wake() != net::Wake::kSecond) return pool.drop(connection);
  pool.keep_idle(connection);
}

void UpstreamPool::drop(UpstreamConnection& connection) {
  Idle& list = idle_[&connection.target_];
  std::erase_if(list, [&](const UpstreamPtr& held) { return held.get() == &connection; });
}

}  // namespace archestra::proxy
