// All dialects this build speaks, the providers that speak them, and the first look at a path: which one is
// it for?
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "call/route.h"
#include "providers/provider.h"

namespace archestra::providers {

/// One API dialect. Its first provider has its name.
struct Dialect {
  std::string_view name;
  std::string_view base_url;  ///< where its provider is, if nobody says otherwise
  std::unique_ptr<Provider> (*make)(std::string_view provider_name);
};
std::span<const Dialect> dialects();

class Registry {
 public:
  /// One provider for each dialect.
  Registry();
  /// One more that speaks the same. `name` is a segment of a path that no other provider has.
  void add(std::string_view name, const Dialect& dialect);

  struct Match {
    const Provider* provider = nullptr;
    call::Route route;
  };
  /// The call a request is, or nothing where its path is not below "/v1/<provider>/". kMalformed/400 for a
  /// path with dot segments, which could climb out of the provider's base path. Views point into `target`.
  base::Result<std::optional<Match>> match(std::string_view method, std::string_view target) const;

  const std::vector<std::unique_ptr<Provider>>& all() const { return providers_; }
  const Provider* find(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<Provider>> providers_;
};

}  // namespace archestra::providers
