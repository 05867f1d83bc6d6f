#include "providers/gemini/model_path.h"

#include <algorithm>
#include <iterator>

#include "http/url.h"

namespace archestra::providers::gemini {
namespace {

// Where in `list` it is; its size for nowhere.
template <std::size_t kSize>
std::size_t place_of(std::string_view name, const std::string_view (&list)[kSize]) {
  return static_cast<std::size_t>(std::ranges::find(list, name) - std::begin(list));
}

}  // namespace

std::optional<ModelPath> parse_model_path(std::string_view path, std::string& scratch) {
  path = http::without_escapes(path, scratch);
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  const std::size_t colon = path.rfind(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos || colon < slash)
    return std::nullopt;
  const std::size_t version = place_of(path.substr(0, slash), kVersions);
  const std::size_t method = place_of(path.substr(colon + 1), kMethods);
  if (version == std::size(kVersions) || method == std::size(kMethods)) return std::nullopt;
  ModelPath found{.version = version,
                  .model = path.substr(slash + 1, colon - slash - 1),
                  .method = static_cast<Method>(method)};
  constexpr std::string_view kModels = "models/";
  found.is_below_models = found.model.starts_with(kModels);
  if (found.is_below_models) found.model.remove_prefix(kModels.size());
  if (found.model.empty()) return std::nullopt;
  return found;
}

}  // namespace archestra::providers::gemini
