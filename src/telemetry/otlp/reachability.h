// What is told, in the log and as a fact, of how requests of one signal fare at the collector: once for each
// change, not once for each request. On the export thread.
#pragma once

#include <cstdint>

#include "net/connector.h"
#include "telemetry/health.h"
#include "telemetry/metrics/exporter_metrics.h"
#include "telemetry/otlp/client.h"

namespace archestra::telemetry::otlp {

class Reachability {
 public:
  /// Both outlive it.
  Reachability(Signal signal, const net::Endpoint& endpoint, ExportHealth& health)
      : signal_(signal), endpoint_(endpoint), health_(health) {}
  Reachability(const Reachability&) = delete;

  /// After each request.
  void note(const Attempt& attempt);
  /// Likewise, where it was accepted, and perhaps not all that was in it.
  void note_rejected(std::uint64_t items, std::string_view why);

 private:
  const Signal signal_;
  const net::Endpoint& endpoint_;
  ExportHealth& health_;
  bool is_healthy_ = true;
  bool is_rejecting_ = false;
};

}  // namespace archestra::telemetry::otlp
