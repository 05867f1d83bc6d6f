#include "providers/registry.h"

#include <array>

#include "providers/anthropic/anthropic.h"
#include "providers/gemini/gemini.h"
#include "providers/openai/openai.h"

namespace archestra::providers {
namespace {

constexpr std::string_view kPrefix = "/v1/";

// "." and "..", also in percent-encoded disguise.
bool is_dot_segment(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment.starts_with("%2") && (segment[2] == 'e' || segment[2] == 'E')) {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (is_dot_segment(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

std::span<const Dialect> dialects() {
  static constexpr std::array<Dialect, 3> kDialects{{
      {"openai", "https://api.openai.com/v1", make_openai},
      {"anthropic", "https://api.anthropic.com", make_anthropic},
      {"gemini", "https://generativelanguage.googleapis.com", make_gemini},
  }};
  return kDialects;
}

Registry::Registry() {
  for (const Dialect& dialect : dialects()) add(dialect.name, dialect);
}

void Registry::add(std::string_view name, const Dialect& dialect) {
  providers_.push_back(dialect.make(name));
}

const Provider* Registry::find(std::string_view name) const {
  for (const auto& provider : providers_)
    if (provider->name() == name) return provider.get();
  return nullptr;
}

base::Result<std::optional<Registry::Match>> Registry::match(std::string_view method,
                                                             std::string_view target) const {
  if (!target.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = target.substr(kPrefix.size());
  const std::string_view name = rest.substr(0, rest.find_first_of("/?"));
  const Provider* const provider = find(name);
  if (provider == nullptr) return std::nullopt;
  rest.remove_prefix(name.size());
  if (rest.empty() || rest.front() != '/') return std::nullopt;
  if (has_dot_segment(rest.substr(0, rest.find('?'))))
    return base::fail(base::ErrorCode::kMalformed, "the path has dot segments", 400);

  const std::string_view segment = rest.substr(1, rest.find_first_of("/?", 1) - 1);
  const auto agent_id = base::Uuid::parse(segment);
  if (agent_id) {
    rest.remove_prefix(1 + segment.size());
    // Forwarded below a base URL without a path, nothing would be left for the request line.
    if (rest.empty() || rest.front() != '/') return std::nullopt;
  }
  Match match{.provider = provider, .route = provider->route(method, rest, agent_id.has_value())};
  match.route.agent_id = agent_id;
  return match;
}

}  // namespace archestra::providers
