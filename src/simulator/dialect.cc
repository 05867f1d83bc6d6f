#include "simulator/dialect.h"

#include <chrono>

#include <fmt/format.h>

#include "base/clock.h"

namespace archestra::simulator {

std::string_view field_of(const DialectRequest& request, std::string_view name) {
  for (const http::Field& field : request.fields)
    if (http::equals_ignoring_case(field.name, name)) return field.value;
  return {};
}

std::optional<std::string_view> below(std::string_view path, std::string_view collection) {
  if (path.ends_with(collection)) return std::string_view();
  const std::size_t at = path.find(collection);
  if (at == std::string_view::npos || path[at + collection.size()] != '/') return std::nullopt;
  return path.substr(at + collection.size() + 1);
}

std::string located(std::string_view text, const DialectRequest& request) {
  return fmt::format("{} ({} {})", text, request.method, request.path);
}

std::int64_t processing_ms(const DialectRequest& request) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(request.behaviour.latency).count() + 1;
}

std::int64_t unix_seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(base::wall_now().time_since_epoch()).count();
}

}  // namespace archestra::simulator
