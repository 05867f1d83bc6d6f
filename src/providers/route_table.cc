#include "providers/route_table.h"

namespace archestra::providers {

RouteTable::Row RouteTable::row(std::string_view provider, std::string_view path,
                                const call::Operation& operation) {
  const std::string prefix = "/v1/" + std::string(provider);
  return {.path = path,
          .operation = &operation,
          .plain = prefix + std::string(path),
          .with_agent = prefix + "/:agentId" + std::string(path)};
}

RouteTable::RouteTable(std::string_view provider, std::span<const OperationPath> operations)
    : provider_(provider), rest_(row(provider, "/*", kPassThrough)) {
  for (const auto& [path, operation] : operations) rows_.push_back(row(provider, path, *operation));
}

call::Route RouteTable::route(std::string_view method, std::string_view path, bool with_agent) const {
  const Row* found = &rest_;
  if (method == "POST")
    for (const Row& row : rows_)
      if (row.path == path) found = &row;
  return {.provider = provider_,
          .operation = found->operation,
          .route_template = with_agent ? found->with_agent : found->plain};
}

}  // namespace archestra::providers
