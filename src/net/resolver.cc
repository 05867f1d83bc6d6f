#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <sys/epoll.h>

#include <map>
#include <utility>

#include "base/assert.h"

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

}  // namespace

class Resolver::Impl {
 public:
  explicit Impl(EventLoop& loop) : loop_(loop), timer_(&Impl::on_timer, this) {
    initialise_library();
    ares_options options{};
    options.sock_state_cb = &Impl::on_socket_state;
    options.sock_state_cb_data = this;
    // A lost packet costs a second, and all tries together (the second waits twice as long) less than a
    // connect time-out.
    options.timeout = 1000;  // milliseconds for the first try of a server
    options.tries = 2;
    const int status =
        ares_init_options(&channel_, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    ARCHESTRA_ASSERT(status == ARES_SUCCESS, "a c-ares channel can be made");
  }
  ~Impl() { ares_destroy(channel_); }

  // One look-up and everyone who waits for it.
  struct Lookup {
    explicit Lookup(Impl& impl) : owner(&impl) {}
    Impl* owner = nullptr;
    bool done = false;
    base::MonotonicTime expires;
    base::Result<Addresses> answer = base::fail(base::ErrorCode::kNameNotFound, "not asked yet");
    std::vector<Readiness*> waiting;
  };

  std::shared_ptr<Lookup> find_or_ask(const std::string& host) {
    auto& lookup = lookups_[host];
    if (lookup && (!lookup->done || (lookup->answer && loop_.now() < lookup->expires))) return lookup;
    lookup = std::make_shared<Lookup>(*this);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    loop_.stats().lookups.add(1);
    // The callback owns a reference of its own: it may come after the waiters have gone.
    auto held = std::make_unique<std::shared_ptr<Lookup>>(lookup);
    const auto result = lookup;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Impl::on_answer, held.release());
    arm_timer();
    return result;
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

  static void on_answer(void* held, int status, int /*timeouts*/, ares_addrinfo* info) {
    const std::unique_ptr<std::shared_ptr<Lookup>> owned(static_cast<std::shared_ptr<Lookup>*>(held));
    Lookup& lookup = **owned;
    lookup.done = true;
    lookup.owner->loop_.stats().lookups.add(-1);
    if (status == ARES_SUCCESS) {
      Addresses addresses;
      for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next)
        addresses.push_back(SocketAddress::from(node->ai_addr, node->ai_addrlen));
      if (addresses.empty())
        lookup.answer = base::fail(base::ErrorCode::kNameNotFound, "the name has no address");
      else
        lookup.answer = std::move(addresses);
      lookup.expires = lookup.owner->loop_.now() + kAnswerLifetime;
    } else {
      lookup.answer = base::fail(error_from_ares(status));
    }
    if (info != nullptr) ares_freeaddrinfo(info);
    for (Readiness* waiting : std::exchange(lookup.waiting, {})) waiting->set_readable();
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
  ares_channel channel_ = nullptr;
  std::map<std::string, std::shared_ptr<Lookup>> lookups_;
  std::map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
  Timer timer_;
};

Resolver::Resolver(EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Resolver::~Resolver() = default;

Task<base::Result<Addresses>> Resolver::resolve(std::string host, std::uint16_t port,
                                                base::MonotonicTime deadline, Readiness* gone) {
  if (const auto numeric = SocketAddress::parse(host, port)) co_return Addresses{*numeric};
  const auto lookup = impl_->find_or_ask(host);
  if (!lookup->done) {
    Readiness answered;
    lookup->waiting.push_back(&answered);
    const Wake wake =
        co_await Wait(impl_->loop(), {{&answered, Interest::kReadable}, {gone, Interest::kGone}}, deadline);
    std::erase(lookup->waiting, &answered);
    if (wake == Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "looking up the name");
    if (wake != Wake::kFirst) co_return base::fail(base::ErrorCode::kCancelled, "looking up the name");
  }
  if (!lookup->answer) co_return base::fail(lookup->answer.error());
  Addresses addresses = *lookup->answer;
  for (SocketAddress& address : addresses) address.set_port(port);
  co_return addresses;
}

}  // namespace archestra::net
