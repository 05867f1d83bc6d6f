// One thread and everything it owns: loop, buffers, resolver, upstream connections, client connections.
// Nothing mutable is shared with other shards; between accept and record no lock is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/buffer_pool.h"
#include "base/ids.h"
#include "base/stats.h"
#include "call/call_observer.h"
#include "call/tool_sink.h"
#include "http/head.h"
#include "http_io/service.h"
#include "model/agent_directory.h"
#include "net/connection_limit.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/task.h"
#include "policy/policy_set.h"
#include "proxy/known_tools.h"
#include "proxy/settings.h"
#include "proxy/upstream_pool.h"

namespace archestra::proxy {

/// The head tables of one exchange: kilobytes that an idle connection need not hold.
struct Heads {
  http::RequestHead request;
  /// Only from the wait for an answer until its head is written: a stream need not hold it either.
  std::unique_ptr<http::ResponseHead> response;
};

class ClientConnection;

class Shard {
 public:
  /// While it drains, a connection without a request is kept so long.
  static constexpr base::Duration kDrainIdleTimeout = std::chrono::seconds(2);

  /// All outlive it. `api` answers what is below /api, `tools` remembers what requests declare; the listening
  /// sockets and the limit are shared by all shards.
  Shard(SettingsRef settings, model::AgentDirectoryRef agents, policy::PolicySetRef policies,
        http_io::Service& api, call::ToolSink& tools, call::CallObserver& observer,
        const net::ListenSockets& sockets, net::ConnectionLimit& limit);
  Shard(const Shard&) = delete;
  ~Shard();

  /// The thread's body: serves until it has drained and end() was called.
  void run();

  /// Any thread. Accepts what is queued, then no more. Busy connections finish their call; those that wait
  /// for a request close once that lasts kDrainIdleTimeout, and their next answer is the last. After `limit`
  /// what is left is cut off and accounted as `shutdown`. `drained` is called on the shard when all are gone.
  void drain(base::Duration limit, std::move_only_function<void()> drained);
  /// Any thread, after drain(): nobody will post to this shard any more.
  void end();
  /// Any thread, while run() runs: `done` is called on the shard once no connection will be accepted any
  /// more.
  void stop_accepting(std::move_only_function<void()> done);

  /// Any thread, before end(): calls that begin from now on find these agents; those under way keep theirs.
  /// `done` is called on the shard once that is so. The shard lets go of its old directory before, so that it
  /// never is the one to destroy it, if whoever publishes holds on to it until then.
  void publish(model::AgentUpdate update, std::move_only_function<void()> done);
  /// The same for policies, but that calls under way hold the set they began with: whoever publishes keeps
  /// the old one until nobody else has it. Tools that are known may be declared anew afterwards, because one
  /// that was deleted is to be learned again.
  void publish(policy::PolicySetRef set, std::move_only_function<void()> done);

  /// Any thread, at any time: buffers that were not needed since the last time are freed, soon, unless the
  /// shard ends before. Where there were any, `freed` is called on the shard with the time that took.
  void trim(std::move_only_function<void(base::Duration)> freed);

  // For connections and exchanges, on this shard's thread.
  net::EventLoop loop;
  base::BufferPool buffers;
  net::Resolver resolver;
  const SettingsRef settings;
  model::AgentDirectoryRef agents;
  policy::PolicySetRef policies;
  http_io::Service& api;
  call::ToolSink& tools;
  UpstreamPool upstreams;
  call::CallObserver& observer;
  base::Random random = base::Random::from_entropy();
  base::Gauge calls_in_flight;
  base::Counter over_total;    ///< connections beyond the limit of all
  base::Counter over_address;  ///< beyond that of their address

  /// Whether what this agent declares, of which this is the hash, was handed to `tools`.
  bool knows_tools(const base::Uuid& agent, std::uint64_t tools_hash) const {
    return known_tools_.contains(agent, tools_hash);
  }
  void remember_tools(const base::Uuid& agent, std::uint64_t tools_hash) {
    known_tools_.add(agent, tools_hash);
  }

  bool draining() const { return draining_; }
  std::unique_ptr<Heads> take_heads();
  void give_back(std::unique_ptr<Heads> heads);
  std::unique_ptr<http::ResponseHead> take_response_head();
  void give_back(std::unique_ptr<http::ResponseHead> head);

  void add(ClientConnection& connection);
  void remove(ClientConnection& connection);

 private:
  void accept(std::unique_ptr<net::TcpStream> stream);
  void begin_drain(base::Duration limit);
  bool is_drained() const { return draining_ && serving_.active() == 0; }
  static void on_drain_limit(void* self);

  KnownTools known_tools_;
  net::ConnectionLimit& connection_limit_;
  std::vector<std::unique_ptr<Heads>> spare_heads_;
  std::vector<std::unique_ptr<http::ResponseHead>> spare_response_heads_;
  std::vector<ClientConnection*> connections_;  // each knows its place
  bool draining_ = false;
  bool ended_ = false;
  std::move_only_function<void()> drained_;
  net::Timer drain_limit_;
  net::TaskGroup serving_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace archestra::proxy
