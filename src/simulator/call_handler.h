// Answers the simulator's requests: journal, behaviour, dialect or recording, delivery. Owned by the
// Simulator, on its loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "http_io/server.h"
#include "simulator/delivery.h"
#include "simulator/dialect.h"
#include "simulator/journal.h"
#include "simulator/options.h"
#include "simulator/prose.h"
#include "simulator/replay.h"

namespace archestra::simulator {

class CallHandler final : public http_io::Handler {
 public:
  /// `options` outlives it.
  CallHandler(const SimulatorOptions& options, std::optional<Recordings> recordings);
  net::Task<http_io::Persistence> serve(http_io::ServerRequest& request) override;

 private:
  net::Task<http_io::Persistence> serve_journal(http_io::ServerRequest& request);
  net::Task<http_io::Persistence> answer(http_io::ServerRequest& request, const Behaviour& behaviour,
                                         std::string_view bad_field, CallEnd& end);
  net::Task<http_io::Persistence> respond(Delivery& delivery, Dialect& dialect, const DialectRequest& call,
                                          std::string_view bad_field, CallEnd& end);
  net::Task<http_io::Persistence> replay(Delivery& delivery, const Recording& recording,
                                         const Behaviour& behaviour, CallEnd& end);
  Reply make_reply(Dialect& dialect, const DialectRequest& call, std::string_view bad_field);
  Dialect& dialect_of(const DialectRequest& request);

  const SimulatorOptions& options_;
  const std::optional<Recordings> recordings_;
  const Prose prose_;
  const std::array<std::unique_ptr<Dialect>, 3> dialects_;  // the last one takes what the others do not
  std::uint64_t calls_ = 0;
  Journal journal_;
};

}  // namespace archestra::simulator
