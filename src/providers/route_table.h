// From paths to operations, for dialects whose paths are fixed texts. A provider's name is part of its route
// templates, so the table belongs to a provider, not to a dialect. Immutable.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call/route.h"

namespace archestra::providers {

/// One understood operation: what "POST <path>" means. `path` is that of the route template behind the
/// provider's name.
struct OperationPath {
  std::string_view path;
  const call::Operation* operation;
};

/// What every dialect says of a request it only passes through.
inline constexpr call::Operation kPassThrough{.name = "request", .gen_ai_operation = ""};

/// A route template, as it is with and without an agent's id: "/v1/openai/:agentId/responses".
class RouteTemplate {
 public:
  RouteTemplate(std::string_view provider, std::string_view path);
  std::string_view text(bool with_agent) const { return with_agent ? with_agent_ : plain_; }

 private:
  std::string plain_;
  std::string with_agent_;
};

class RouteTable {
 public:
  RouteTable(std::string_view provider, std::span<const OperationPath> operations);

  /// The operation and the route template of a request whose path, without query and escapes, is `path`.
  /// Anything else than a POST to one of the paths passes through.
  call::Route route(std::string_view method, std::string_view path, bool with_agent) const;

 private:
  struct Row {
    std::string_view path;
    const call::Operation* operation;
    RouteTemplate route_template;
  };

  const std::string provider_;
  std::vector<Row> rows_;
  const RouteTemplate rest_;
};

}  // namespace archestra::providers
