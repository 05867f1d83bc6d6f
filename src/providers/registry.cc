#include "providers/registry.h"

#include <array>
#include <utility>

#include "http/head.h"
#include "providers/anthropic/anthropic.h"
#include "providers/gemini/gemini.h"
#include "providers/openai/openai.h"

namespace archestra::providers {
namespace {

constexpr std::string_view kPrefix = "/v1/";

// What begins at a byte of a path: the byte itself, or the one that it spells percent-encoded.
struct PathByte {
  char byte;
  std::size_t size;
};
PathByte first_byte(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, char>, 3> kEscapes{
      {{"2e", '.'}, {"2f", '/'}, {"5c", '\\'}}};
  if (path.front() == '%')
    for (const auto& [digits, byte] : kEscapes)
      if (http::equals_ignoring_case(path.substr(1, digits.size()), digits)) return {byte, 1 + digits.size()};
  return {path.front(), 1};
}

// "." and "..", also in disguise: whoever gets the path may decode it before it looks for them, take a
// backslash for a slash, or leave out the parameters of a segment.
bool has_dot_segment(std::string_view path) {
  constexpr std::size_t kOther = 3;  // as good as any number that is neither one nor two
  std::size_t dots = 0;
  bool in_parameters = false;
  const auto is_dots = [&] { return dots == 1 || dots == 2; };
  while (!path.empty()) {
    const PathByte first = first_byte(path);
    path.remove_prefix(first.size);
    if (first.byte == '/' || first.byte == '\\') {
      if (is_dots()) return true;
      dots = 0;
      in_parameters = false;
    } else if (first.byte == ';') {
      in_parameters = true;
    } else if (!in_parameters) {
      dots = first.byte == '.' ? dots + 1 : kOther;
    }
  }
  return is_dots();
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
