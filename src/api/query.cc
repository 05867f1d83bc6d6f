#include "api/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "http/url.h"

namespace archestra::api {
namespace {

constexpr std::uint64_t kOffsetMax = 1'000'000'000;
constexpr std::size_t kShownBytesMax = 64;  // of what a client wrote, in a message

// As forms write it (WHATWG URL section 5.1): a plus is a space.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return http::percent_decoded(plain);
}

}  // namespace

std::optional<std::string> read_number(const Query& query, std::string_view name, std::uint64_t min,
                                       std::uint64_t max, std::uint64_t& number) {
  const auto text = query.find(name);
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc() && end == text->data() + text->size() && number >= min && number <= max)
    return std::nullopt;
  return fmt::format("The parameter {} must be a whole number from {} to {}.", name, min, max);
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (item.empty()) continue;
    const std::size_t equals = std::min(item.find('='), item.size());
    auto name = decoded(item.substr(0, equals));
    auto value = decoded(item.substr(std::min(equals + 1, item.size())));
    if (name && value)
      parameters_.emplace_back(std::move(*name), std::move(*value));
    else
      is_malformed_ = true;
  }
}

std::optional<std::string> Query::fault(std::initializer_list<std::string_view> known) const {
  if (is_malformed_) return "The query has a bad percent escape.";
  for (const auto& parameter : parameters_) {
    const std::string_view name = parameter.first;
    if (std::ranges::find(known, name) == known.end())
      return fmt::format("There is no parameter \"{}\" here. There {}: {}.", name.substr(0, kShownBytesMax),
                         known.size() == 1 ? "is" : "are", fmt::join(known, ", "));
    if (std::ranges::count(parameters_, name, &std::pair<std::string, std::string>::first) > 1)
      return fmt::format("The parameter {} occurs twice.", name);
  }
  return std::nullopt;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters_, name, &std::pair<std::string, std::string>::first);
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Page::read(const Query& query) {
  if (auto fault = read_number(query, "limit", 1, kLimitMax, limit)) return fault;
  return read_number(query, "offset", 0, kOffsetMax, offset);
}

void Page::append_json(std::string& out, std::size_t total) const {
  fmt::format_to(std::back_inserter(out), R"("pagination":{{"limit":{},"offset":{},"total":{}}})", limit,
                 offset, total);
}

}  // namespace archestra::api
