#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace archestra::net {
namespace {

base::Error error_from_ares(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
      return {base::ErrorCode::kNameNotFound, "the name has no address"};
    case ARES_ETIMEOUT:
      return {base::ErrorCode::kNameNotFound, "no name server answered in time"};
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return {base::ErrorCode::kCancelled, "the look-up was given up"};
    default:
      return {base::ErrorCode::kNameNotFound, "the look-up failed"};
  }
}

// c-ares must be initialised once per process before its first channel.
void initialise_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  ARCHESTRA_ASSERT(status == ARES_SUCCESS, "c-ares initialises");
}

// The whole answer is as good as the part of it that passes first.
std::chrono::seconds lifetime_of(const ares_addrinfo& info) {
  int seconds = info.nodes->ai_ttl;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next)
    seconds = std::min(seconds, node->ai_ttl);
  for (const ares_addrinfo_cname* alias = info.cnames; alias != nullptr; alias = alias->next)
    seconds = std::min(seconds, alias->ttl);
  return std::chrono::seconds(seconds);
}

void set_name_servers(ares_channel channel, const Addresses& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    ares_addr_port_node& node = nodes[i];
    node.next = i + 1 < servers.size() ? &nodes[i + 1] : nullptr;
    node.family = servers[i].family();
    node.udp_port = node.tcp_port = servers[i].port();
    if (node.family == AF_INET)
      node.addr.addr4 = reinterpret_cast<const sockaddr_in*>(servers[i].get())->sin_addr;
    else
      std::memcpy(&node.addr.addr6, &reinterpret_cast<const sockaddr_in6*>(servers[i].get())->sin6_addr,
                  sizeof node.addr.addr6);
  }
  const int status = ares_set_servers_ports(channel, nodes.data());
  ARCHESTRA_ASSERT(status == ARES_SUCCESS, "name servers can be set on a new channel");
}

}  // namespace

class Resolver::Impl {
 public:
  Impl(EventLoop& loop, const ResolverOptions& options)
      : loop_(loop), options_(options), timer_(&Impl::on_timer, this) {
    initialise_library();
    ares_options channel{};
    channel.sock_state_cb = &Impl::on_socket_state;
    channel.sock_state_cb_data = this;
    // A lost packet costs a second, and all tries together (the second waits twice as long) less than a
    // connect time-out.
    channel.timeout = 1000;  // milliseconds for the first try of a server
    channel.tries = 2;
    const int status =
        ares_init_options(&channel_, &channel, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    ARCHESTRA_ASSERT(status == ARES_SUCCESS, "a c-ares channel can be made");
    if (!options.name_servers.empty()) set_name_servers(channel_, options.name_servers);
  }
  ~Impl() { ares_destroy(channel_); }

  // A name, what is known of it, and everyone who waits for that.
  struct Name {
    Impl* owner = nullptr;
    std::string text;
    Addresses addresses = {};  // of the last good answer
    base::MonotonicTime fresh_until = {};
    base::MonotonicTime usable_until = {};
    bool asking = false;
    bool failed = false;  // the last look-up did
    base::Error failure{base::ErrorCode::kNameNotFound};
    base::MonotonicTime ask_again_at = {};  // where it did
    std::vector<Readiness*> waiting = {};
  };

  Name& find(const std::string& host) {
    auto& name = names_[host];
    if (!name) name = std::make_unique<Name>(Name{.owner = this, .text = host});
    return *name;
  }

  bool is_usable(const Name& name) const {
    return !name.addresses.empty() && loop_.now() < name.usable_until;
  }

  // Asks where it is time to. Whoever has no use for what is known waits for the answer, if name.asking.
  void refresh(Name& name) {
    if (name.asking) return;
    if (is_usable(name) && loop_.now() < (name.failed ? name.ask_again_at : name.fresh_until)) return;
    name.asking = true;
    loop_.stats().lookups.add(1);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, name.text.c_str(), nullptr, &hints, &Impl::on_answer, &name);
    arm_timer();
  }

  EventLoop& loop() { return loop_; }

 private:
  // A socket of c-ares, level-triggered because c-ares does not promise to drain it.
  struct Socket final : Watcher {
    Socket(Impl& impl, ares_socket_t s) : owner(impl), fd(s), is_open(impl.loop_.stats().resolver_sockets) {}
    void on_events(std::uint32_t events) override {
      const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
      const ares_socket_t readable = (events & EPOLLIN) != 0 || broken ? fd : ARES_SOCKET_BAD;
      const ares_socket_t writable = (events & EPOLLOUT) != 0 || broken ? fd : ARES_SOCKET_BAD;
      if (open) ares_process_fd(owner.channel_, readable, writable);
      owner.arm_timer();
    }
    Impl& owner;
    const ares_socket_t fd;
    const base::Counted is_open;
    bool open = true;
  };

  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Impl*>(self)->watch(fd, (readable != 0 ? EPOLLIN : 0U) | (writable != 0 ? EPOLLOUT : 0U));
  }

  void watch(ares_socket_t fd, std::uint32_t events) {
    const auto found = sockets_.find(fd);
    if (events == 0) {
      if (found == sockets_.end()) return;
      loop_.unwatch(fd);
      found->second->open = false;
      // An event for it may still stand in this turn: it dies with the next one.
      loop_.post([dead = std::move(found->second)] {});
      sockets_.erase(found);
    } else if (found == sockets_.end()) {
      auto socket = std::make_unique<Socket>(*this, fd);
      if (loop_.watch_level(fd, events, *socket)) sockets_.emplace(fd, std::move(socket));
    } else {
      [[maybe_unused]] const auto changed = loop_.change_level(fd, events, *found->second);
    }
  }

  static void on_answer(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
    Name& name = *static_cast<Name*>(self);
    name.asking = false;
    name.owner->loop_.stats().lookups.add(-1);
    if (status == ARES_SUCCESS && info->nodes != nullptr)
      name.owner->succeed(name, *info);
    else
      name.owner->fail(name, error_from_ares(status));
    if (info != nullptr) ares_freeaddrinfo(info);
    for (Readiness* waiting : std::exchange(name.waiting, {})) waiting->set_readable();
  }

  void succeed(Name& name, const ares_addrinfo& info) {
    name.addresses.clear();
    for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next)
      name.addresses.push_back(SocketAddress::from(node->ai_addr, node->ai_addrlen));
    name.fresh_until = loop_.now() + std::clamp<base::Duration>(lifetime_of(info), options_.lifetime_min,
                                                                options_.lifetime_max);
    name.usable_until = name.fresh_until + options_.kept_after;
    if (std::exchange(name.failed, false))
      base::log(base::LogLevel::kInfo, "name found again", {{"name", name.text}});
  }

  void fail(Name& name, base::Error why) {
    name.failure = why;
    name.ask_again_at = loop_.now() + options_.pause_after_failure;
    // Said once, and not for each call that goes on with what is known; one that cannot says so itself.
    if (std::exchange(name.failed, true) || why.code == base::ErrorCode::kCancelled) return;
    base::log(base::LogLevel::kWarn, "name look-up failed",
              {{"name", name.text},
               {"why", why.what},
               {"last_answer", is_usable(name) ? "stays in use" : "none to use"}});
  }

  void arm_timer() {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) {
      timer_.cancel();
      return;
    }
    loop_.timers().arm(
        timer_, loop_.now() + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  }
  static void on_timer(void* self) {
    auto& impl = *static_cast<Impl*>(self);
    ares_process_fd(impl.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    impl.arm_timer();
  }

  EventLoop& loop_;
  const ResolverOptions options_;
  ares_channel channel_ = nullptr;
  std::map<std::string, std::unique_ptr<Name>> names_;  // few: those of the configuration
  std::map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
  Timer timer_;
};

Resolver::Resolver(EventLoop& loop, const ResolverOptions& options)
    : impl_(std::make_unique<Impl>(loop, options)) {}
Resolver::~Resolver() = default;

Task<base::Result<Addresses>> Resolver::resolve(std::string host, std::uint16_t port,
                                                base::MonotonicTime deadline, Readiness* gone) {
  if (const auto numeric = SocketAddress::parse(host, port)) co_return Addresses{*numeric};
  Impl::Name& name = impl_->find(host);
  impl_->refresh(name);
  if (!impl_->is_usable(name)) {
    if (name.asking) {
      Readiness answered;
      name.waiting.push_back(&answered);
      const Wake wake =
          co_await Wait(impl_->loop(), {{&answered, Interest::kReadable}, {gone, Interest::kGone}}, deadline);
      std::erase(name.waiting, &answered);
      if (wake == Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "looking up the name");
      if (wake != Wake::kFirst) co_return base::fail(base::ErrorCode::kCancelled, "looking up the name");
    }
    if (name.failed) co_return base::fail(name.failure);
  }
  Addresses addresses = name.addresses;
  for (SocketAddress& address : addresses) address.set_port(port);
  co_return addresses;
}

}  // namespace archestra::net
