// Providers that are not there: a small HTTP server that answers like OpenAI, Anthropic and Gemini, at the
// pace and with the faults that a call or the options ask for. For the demo, tests and benchmarks; never
// for users' data. One thread, the one that calls run().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/buffer_pool.h"
#include "base/result.h"
#include "http_io/server.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "simulator/call_handler.h"
#include "simulator/options.h"

namespace archestra::simulator {

class Simulator {
 public:
  explicit Simulator(SimulatorOptions options);

  /// Loads the recordings, binds, writes the ports file. From then on connections queue; run() answers
  /// them. Errors are for a person to read: kInvalid, kSystem.
  base::Result<void> start();
  /// Where it listens; after start().
  std::uint16_t port() const { return sockets_->port(); }
  /// Serves until stop(), then ends every connection at its next wait and returns. After start().
  void run();
  /// Ends run(), also one that has not begun yet. Any thread, while the Simulator lives; no signal handler.
  void stop();

 private:
  base::Result<void> write_ports_file() const;

  const SimulatorOptions options_;
  net::EventLoop loop_;
  base::BufferPool pool_;
  std::optional<net::ListenSockets> sockets_;
  std::optional<CallHandler> handler_;
  std::optional<http_io::Server> server_;
};

}  // namespace archestra::simulator
