// How a Simulator is set up. A value, filled from the command line or by a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simulator/behaviour.h"

namespace archestra::simulator {

struct SimulatorOptions {
  std::vector<std::string> ips = {"127.0.0.1", "::1"};  ///< numeric addresses to listen on
  std::uint16_t port = 0;                               ///< 0: the system chooses; see Simulator::port()
  std::string ports_file;  ///< gets {"simulator": <port>} once listening; "" for none
  std::uint64_t seed = 1;  ///< same calls, same order: same ids, texts, figures, chances
  std::string replay_dir;  ///< a folder of recordings <provider>/<name>/meta.json; "" for none
  std::size_t journal_calls_max =
      10'000;                ///< how many calls GET /sim/calls remembers; 0: off, for benchmarks
  std::string journal_file;  ///< gets a line of JSON for each call that ended; "" for none
  Behaviour behaviour;       ///< of every call that does not say otherwise; set by controls()
};

}  // namespace archestra::simulator
