#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/commands.h"
#include "http_io/outbound_connection.h"
#include "net/connector.h"

namespace archestra::app {
namespace {

constexpr base::Duration kLimit = std::chrono::seconds(5);

// The port behind "api" in ports.json, which we wrote ourselves; 0 where there is none.
std::uint16_t port_in_use(const Config& config) {
  if (config.api_port != 0) return config.api_port;
  std::ifstream file(std::filesystem::path(config.data_dir) / "ports.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  unsigned port = 0;
  if (std::sscanf(text.c_str(), "{\"api\": %u", &port) != 1 || port > 65535) return 0;
  return static_cast<std::uint16_t>(port);
}

// A gateway that listens on all addresses of a family is asked on its loopback one.
std::string reachable(const std::string& bind) {
  if (bind == "0.0.0.0") return "127.0.0.1";
  if (bind == "::") return "::1";
  return bind;
}

net::Task<void> ask(net::EventLoop& loop, const net::Endpoint& endpoint, int& status) {
  net::Resolver resolver(loop);
  base::BufferPool buffers;
  const auto deadline = loop.now() + kLimit;
  auto stream = co_await net::connect(loop, resolver, nullptr, endpoint, deadline, nullptr);
  if (!stream) co_return;
  http_io::OutboundConnection connection(std::move(*stream), buffers);
  http_io::Outbox box;
  box.add("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  if (const auto sent = co_await http_io::send_all(box, connection.stream(), {.deadline = deadline}, nullptr);
      !sent)
    co_return;
  const auto head = std::make_unique<http::ResponseHead>();
  if (const auto read = co_await connection.read_head(*head, {}, deadline, nullptr); !read) co_return;
  status = head->status;
}

}  // namespace

int healthcheck(const Config& config) {
  const std::uint16_t port = port_in_use(config);
  int status = 0;
  if (port != 0) {
    net::EventLoop loop;
    net::TaskGroup tasks;
    net::Endpoint endpoint{.host = reachable(config.bind.front()), .port = port};
    const auto tls = net::TlsContext::make_trusting();
    if (!config.tls_cert_file.empty() && tls) endpoint.tls = tls->get();
    tasks.spawn(ask(loop, endpoint, status));
    while (tasks.active() > 0) loop.turn(base::Duration::max());
  }
  if (status == 200) return 0;
  fmt::print(stderr, "no healthy gateway on port {}\n", port);
  return 1;
}

}  // namespace archestra::app
