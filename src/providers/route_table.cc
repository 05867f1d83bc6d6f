#include "providers/route_table.h"

#include <algorithm>

namespace archestra::providers {

RouteTemplate::RouteTemplate(std::string_view provider, std::string_view path)
    : plain_("/v1/" + std::string(provider)), with_agent_(plain_ + "/:agentId") {
  plain_ += path;
  with_agent_ += path;
}

RouteTable::RouteTable(std::string_view provider, std::span<const OperationPath> operations)
    : provider_(provider), rest_(provider, "/*") {
  for (const auto& [path, operation] : operations)
    rows_.push_back({.path = path, .operation = operation, .route_template = {provider, path}});
}

call::Route RouteTable::route(std::string_view method, std::string_view path, bool with_agent) const {
  const auto row = method == "POST" ? std::ranges::find(rows_, path, &Row::path) : rows_.end();
  const bool is_known = row != rows_.end();
  return {.provider = provider_,
          .operation = is_known ? row->operation : &kPassThrough,
          .route_template = (is_known ? row->route_template : rest_).text(with_agent)};
}

}  // namespace archestra::providers
