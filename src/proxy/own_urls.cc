#include "proxy/own_urls.h"

#include <algorithm>

#include "http/url.h"

namespace archestra::proxy {
namespace {

// Path and query of `url` behind the target's base URL; nothing where it is not below that.
std::optional<std::string_view> rest_below(std::string_view url, const Target& target) {
  const auto parsed = http::parse_url(url);
  if (!parsed || parsed->is_https != (target.endpoint.tls != nullptr) ||
      parsed->host != target.endpoint.host || parsed->port != target.endpoint.port ||
      !parsed->path.starts_with(target.base_path))
    return std::nullopt;
  const std::size_t authority = url.find("://") + 3;
  const std::size_t path = std::min(url.find_first_of("/?", authority), url.size());
  const std::string_view rest = url.substr(path + target.base_path.size());
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
  return rest;
}

std::string own_url(std::string_view rest, const OwnPlace& place) {
  std::string url(place.base_url);
  if (url.empty()) url.append(place.scheme).append("://").append(place.host);
  url.append("/v1/").append(place.provider);
  if (place.agent_id) url.append("/").append(place.agent_id->text());
  if (!rest.starts_with('/')) url += '/';
  return url.append(rest);
}

}  // namespace

std::vector<ReplacedField> own_urls(const http::ResponseHead& head, std::span<const std::string_view> names,
                                    const Target& target, const OwnPlace& place) {
  std::vector<ReplacedField> replaced;
  if (names.empty() || (place.base_url.empty() && place.host.empty())) return replaced;
  for (const http::Field& field : head.fields) {
    const auto is_its_name = [&](std::string_view name) {
      return http::equals_ignoring_case(field.name, name);
    };
    if (std::ranges::none_of(names, is_its_name)) continue;
    if (const auto rest = rest_below(field.value, target))
      replaced.push_back({.field = &field, .value = own_url(*rest, place)});
  }
  return replaced;
}

}  // namespace archestra::proxy
