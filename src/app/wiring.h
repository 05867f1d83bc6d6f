// What the program is made of: the one place where configuration becomes objects and objects meet.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "api/api_thread.h"
#include "api/live_feed.h"
#include "app/config.h"
#include "app/metrics_server.h"
#include "app/service_manager.h"
#include "app/settings_view.h"
#include "net/connection_limit.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "proxy/shard.h"
#include "telemetry/log/log_writer.h"
#include "telemetry/otlp/exporter.h"
#include "telemetry/pipeline.h"

namespace archestra::app {

/// A running gateway. Made and stopped by the control thread.
class Gateway {
 public:
  /// Binds the ports that no socket was inherited for, opens the store, then starts every thread. Throws
  /// ConfigError. `effective` outlives it.
  Gateway(const Effective& effective, InheritedSockets sockets);
  Gateway(const Gateway&) = delete;
  ~Gateway();

  std::uint16_t api_port() const { return api_sockets_.port(); }
  std::uint16_t metrics_port() const { return metrics_sockets_.port(); }

  /// What others may have changed is read again: the certificate of the API port now, policies and tools
  /// soon, on the api thread. What is of no use leaves the old one in force, and is logged. The control
  /// thread.
  void reload();
  /// Takes on what of `after` a running gateway can: where a setting that reloads differs from `before`, so
  /// that a level that was set through the API outlives what has nothing to do with it. Control thread.
  void take_on(const Effective& before, const Effective& after);

  /// Stops accepting, lets calls finish within the drain limit, flushes telemetry. `on_store_closed` is
  /// called as soon as another gateway may use the data folder, while long calls go on. The destructor does
  /// it where nobody did.
  void stop(const std::function<void()>& on_store_closed);

 private:
  std::unique_ptr<api::Api> make_api(store::Store store, model::AgentDirectoryRef agents,
                                     api::LoadedPolicies policies);
  void show_runtime();
  void start_threads(std::unique_ptr<api::Api> api);
  template <class Snapshot>
  void publish(const Snapshot& snapshot);
  void reload_certificate();
  void stop_accepting();
  void close_store();
  void show_settings(const Effective& taken_on);

  const base::WallTime started_at_ = base::wall_now();
  const Effective& started_with_;
  const Config& config_;  // of the same
  base::Duration drain_timeout_;
  std::unique_ptr<net::TlsContext> tls_;
  std::map<std::string, std::unique_ptr<net::TlsContext>> collector_tls_;  // by file; else the one above
  std::unique_ptr<net::TlsIdentity> identity_;  // null: the API port speaks plain HTTP
  net::ListenSockets api_sockets_;
  net::ListenSockets metrics_sockets_;
  net::ConnectionLimit connection_limit_;
  telemetry::LogWriter log_writer_;
  telemetry::Telemetry telemetry_;
  SettingsBoard settings_;
  api::LiveFeed live_feed_{telemetry_.history()};
  api::ApiThread api_;
  std::deque<proxy::Shard> shards_;
  std::unique_ptr<telemetry::otlp::Exporter> exporter_;
  std::unique_ptr<MetricsServer> metrics_server_;  // reads the figures of all above
  std::deque<std::thread> shard_threads_;
};

}  // namespace archestra::app
