// A provider's dialect: which requests are its own and what it answers them. The simulator asks the
// dialects in turn. Answers are values or sources of pieces; sending them is Delivery's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "http/head.h"
#include "simulator/behaviour.h"
#include "simulator/body_source.h"
#include "simulator/figures.h"
#include "simulator/prose.h"

namespace archestra::simulator {

/// What a dialect answers from. Views and references live as long as the call.
struct DialectRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  const http::Fields& fields;
  std::string_view body;
  const Behaviour& behaviour;
  base::Random& random;  ///< of this call: ids, jitter, chances
  std::uint64_t seed;    ///< of the simulator: what shall depend on the request alone
  const Prose& prose;
};

/// The value of a field by its lower-case name, or "".
std::string_view field_of(const DialectRequest& request, std::string_view name);
/// Whether the request only reads: GET or HEAD.
inline bool is_reading(const DialectRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}
/// What follows `collection` ("/models") in the path without the slash between them, "" where the path
/// ends with it.
std::optional<std::string_view> below(std::string_view path, std::string_view collection);
/// "text (METHOD path)".
std::string located(std::string_view text, const DialectRequest& request);
/// How many milliseconds a provider would say the request took.
std::int64_t processing_ms(const DialectRequest& request);
std::int64_t unix_seconds_now();

struct Reply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string fields;                  ///< whole field lines with CRLF
  std::string body;                    ///< where there is no stream
  std::unique_ptr<BodySource> stream;  ///< events, one a piece
  std::optional<TokenFigures> usage;   ///< that the answer tells, for the journal
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Whether a request is in this dialect.
  virtual bool speaks(const DialectRequest& request) const = 0;
  /// The answer, errors of the request included.
  virtual Reply answer(const DialectRequest& request) = 0;
  /// An error in the provider's shape, with the fields that go with it. `message` may be empty.
  virtual Reply error(int status, std::string_view message, const DialectRequest& request) = 0;
};

}  // namespace archestra::simulator
