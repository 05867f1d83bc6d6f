// Serves GET /metrics on a port and a thread of its own, so that a scrape never slows traffic. A
// page is made while it is sent, and several take turns. Between scrapes the thread gives back memory that
// nobody uses.
#pragma once

#include <optional>
#include <string>
#include <thread>

#include "base/buffer_pool.h"
#include "base/secret.h"
#include "base/stats.h"
#include "http_io/server.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "telemetry/pipeline.h"

namespace archestra::app {

class MetricsServer final : public http_io::Handler {
 public:
  /// Starts the thread. All outlive it. With a secret, a request needs it as a bearer token.
  MetricsServer(telemetry::Telemetry& telemetry, const net::ListenSockets& sockets,
                const base::Secret& secret);
  MetricsServer(const MetricsServer&) = delete;
  ~MetricsServer() override;

  /// Any other thread. Nobody is accepted any more from its return on; who has a connection keeps it.
  void stop_accepting();

  /// Any thread may read its figures.
  const net::EventLoop& loop() const { return loop_; }

 private:
  net::Task<http_io::Persistence> serve(http_io::ServerRequest& request) override;
  /// Why a request gets no page, if so.
  std::optional<http_io::Answer> refusal_of(const http::RequestHead& head) const;
  void run();
  void keep_memory();

  telemetry::Telemetry& telemetry_;
  const net::ListenSockets& sockets_;
  const base::Secret& secret_;
  base::Gauge pages_;  // made and not sent to their end
  net::EventLoop loop_;
  net::Acceptor* acceptor_ = nullptr;  // run()'s
  net::Timer memory_timer_{[](void* self) { static_cast<MetricsServer*>(self)->keep_memory(); }, this};
  std::thread thread_;
};

}  // namespace archestra::app
