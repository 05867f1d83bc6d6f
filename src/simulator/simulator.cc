#include "simulator/simulator.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

namespace archestra::simulator {
namespace {

http_io::ServerLimits limits() {
  http_io::ServerLimits limits;
  limits.inbound.idle_timeout = std::chrono::hours(1);  // a pool's connections stay warm
  limits.body_timeout = std::chrono::minutes(10);
  return limits;
}

}  // namespace

Simulator::Simulator(SimulatorOptions options) : options_(std::move(options)) {}

base::Result<void> Simulator::start() {
  std::optional<Recordings> recordings;
  if (!options_.replay_dir.empty()) {
    auto loaded = Recordings::load(options_.replay_dir);
    if (!loaded) return base::fail(loaded.error());
    recordings = std::move(*loaded);
  }
  auto sockets = net::ListenSockets::bind(options_.ips, options_.port);
  if (!sockets) return base::fail(sockets.error());
  sockets_.emplace(std::move(*sockets));
  handler_.emplace(options_, std::move(recordings));
  server_.emplace(loop_, pool_, limits(), *handler_);
  return options_.ports_file.empty() ? base::Result<void>() : write_ports_file();
}

// By rename, so that who waits for the file never reads half of it.
base::Result<void> Simulator::write_ports_file() const {
  const std::string unfinished = options_.ports_file + ".new";
  std::ofstream out(unfinished, std::ios::trunc);
  out << "{\"simulator\": " << port() << "}\n";
  out.close();
  if (!out || std::rename(unfinished.c_str(), options_.ports_file.c_str()) != 0)
    return base::fail(base::ErrorCode::kSystem, "writing the ports file", errno);
  return {};
}

void Simulator::run() {
  net::Acceptor acceptor(loop_, *sockets_, [this](std::unique_ptr<net::TcpStream> stream) {
    server_->accept(std::move(stream));
  });
  loop_.run();
  acceptor.stop();
  server_->stop();
  while (server_->active() > 0) loop_.turn(std::chrono::seconds(1));
}

void Simulator::stop() {
  loop_.post([this] { loop_.stop(); });
}

}  // namespace archestra::simulator
