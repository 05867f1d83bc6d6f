#include "proxy/shard.h"

#include <utility>

#include "proxy/client_connection.h"

namespace archestra::proxy {
namespace {

constexpr std::size_t kSpareHeadsMax = 256;

}  // namespace

Shard::Shard(SettingsRef snapshot, model::AgentDirectoryRef directory, policy::PolicySetRef policy_set,
             http_io::Service& api_service, call::ToolSink& tool_sink, call::CallObserver& call_observer,
             const net::ListenSockets& sockets, net::ConnectionLimit& limit)
    : resolver(loop, snapshot->resolver),
      settings(std::move(snapshot)),
      agents(std::move(directory)),
      policies(std::move(policy_set)),
      api(api_service),
      tools(tool_sink),
      upstreams(
          loop, resolver, buffers,
          {.idle = settings->timeouts.pooled_idle, .connections_max = settings->upstream_connections_max}),
      observer(call_observer),
      connection_limit_(limit),
      drain_limit_(&Shard::on_drain_limit, this) {
  loop.measure_lag();
  acceptor_ = std::make_unique<net::Acceptor>(
      loop, sockets, [this](std::unique_ptr<net::TcpStream> stream) { accept(std::move(stream)); });
}

Shard::~Shard() = default;

void Shard::run() {
  while (!ended_ || !is_drained()) {
    loop.turn(base::Duration::max());
    if (drained_ && is_drained()) std::exchange(drained_, nullptr)();
  }
  upstreams.clear();
}

void Shard::accept(std::unique_ptr<net::TcpStream> stream) {
  net::ConnectionLimit::Place place =
      connection_limit_.take(connection_limit_.counts_addresses() ? stream->peer_ip() : std::string());
  if (place.over() == net::OverLimit::kTotal) over_total.add();
  if (place.over() == net::OverLimit::kAddress) over_address.add();
  if (place.admission() == net::Admission::kDropped) return stream->abort();
  serving_.spawn(serve_client(*this, std::move(stream), std::move(place)));
}

void Shard::stop_accepting(std::move_only_function<void()> done) {
  loop.post([this, done = std::move(done)]() mutable {
    acceptor_->stop();
    done();
  });
}

void Shard::drain(base::Duration limit, std::move_only_function<void()> drained) {
  loop.post([this, limit, drained = std::move(drained)]() mutable {
    drained_ = std::move(drained);
    begin_drain(limit);
  });
}

void Shard::end() {
  loop.post([this] { ended_ = true; });
}

void Shard::publish(model::AgentUpdate update, std::move_only_function<void()> done) {
  loop.post([this, update = std::move(update), done = std::move(done)]() mutable {
    agents = std::move(update.directory);
    if (update.before) observer.on_agent_changed(update.before, update.after);
    update = {};
    done();
  });
}

void Shard::publish(policy::PolicySetRef set, std::move_only_function<void()> done) {
  loop.post([this, set = std::move(set), done = std::move(done)]() mutable {
    policies = std::move(set);
    known_tools_.clear();
    done();
  });
}

void Shard::trim(std::move_only_function<void(base::Duration)> freed) {
  loop.post([this, freed = std::move(freed)]() mutable {
    const base::MonotonicTime start = base::monotonic_now();
    if (buffers.trim() > 0) freed(base::monotonic_now() - start);
  });
}

void Shard::begin_drain(base::Duration limit) {
  acceptor_->stop();
  draining_ = true;
  loop.timers().arm(drain_limit_, loop.now() + limit);
  for (ClientConnection* connection : connections_) connection->drain_begins.set_readable();
}

void Shard::on_drain_limit(void* self) {
  for (ClientConnection* connection : std::vector(static_cast<Shard*>(self)->connections_))
    connection->cut_off();
}

std::unique_ptr<Heads> Shard::take_heads() {
  if (spare_heads_.empty()) return std::make_unique<Heads>();
  std::unique_ptr<Heads> heads = std::move(spare_heads_.back());
  spare_heads_.pop_back();
  heads->request.clear();
  return heads;
}

std::unique_ptr<http::ResponseHead> Shard::take_response_head() {
  if (spare_response_heads_.empty()) return std::make_unique<http::ResponseHead>();
  std::unique_ptr<http::ResponseHead> head = std::move(spare_response_heads_.back());
  spare_response_heads_.pop_back();
  head->clear();
  return head;
}

void Shard::give_back(std::unique_ptr<http::ResponseHead> head) {
  if (spare_response_heads_.size() < kSpareHeadsMax) spare_response_heads_.push_back(std::move(head));
}

void Shard::give_back(std::unique_ptr<Heads> heads) {
  if (heads->response != nullptr) give_back(std::move(heads->response));
  if (spare_heads_.size() < kSpareHeadsMax) spare_heads_.push_back(std::move(heads));
}

void Shard::add(ClientConnection& connection) {
  connection.place = connections_.size();
  connections_.push_back(&connection);
}

void Shard::remove(ClientConnection& connection) {
  connections_[connection.place] = connections_.back();
  connections_[connection.place]->place = connection.place;
  connections_.pop_back();
}

}  // namespace archestra::proxy
