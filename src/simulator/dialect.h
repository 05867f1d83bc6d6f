// A provider's dialect: which paths it speaks on and what it answers there. One file each; the
// simulator asks them in turn. Answers are values or sources of pieces; sending them is Delivery's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "simulator/behaviour.h"
#include "simulator/body_source.h"
#include "simulator/prose.h"

namespace archestra::simulator {

/// What a dialect answers from. Views and references live as long as the call.
struct DialectRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view body;
  const Behaviour& behaviour;
  base::Random& random;  ///< of this call: ids, jitter, chances
  std::uint64_t seed;    ///< of the simulator: what shall depend on the request alone
  const Prose& prose;
};

struct Reply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string fields;                  ///< whole field lines with CRLF
  std::string body;                    ///< where there is no stream
  std::unique_ptr<BodySource> stream;  ///< events, one a piece
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Whether requests for `path` are this dialect's.
  virtual bool speaks_on(std::string_view path) const = 0;
  /// The answer, errors of the request included.
  virtual Reply answer(const DialectRequest& request) = 0;
  /// An error in the provider's shape, with the fields that go with it. `message` may be empty.
  virtual Reply error(int status, std::string_view message, const DialectRequest& request) = 0;
};

}  // namespace archestra::simulator
