#include "telemetry/metrics/exposition_format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"

namespace archestra::telemetry {
namespace {

/// Takes what stands before the next `separator` outside of a quoted string, and the separator with it.
std::string_view take_until(std::string_view& text, char separator) {
  bool is_quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') is_quoted = !is_quoted;
    if (is_quoted && text[at] == '\\' && at + 1 < text.size()) ++at;
    if (!is_quoted && text[at] == separator) break;
  }
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return base::trimmed(taken);
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  std::string text;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    text += value[i];
  }
  return text;
}

/// What a clause asks for. Parameters that do not matter here (charset) are left out.
struct Clause {
  std::string type;  // in lower case, as are the names of parameters
  std::string version;
  std::string proto;
  std::string encoding;
  std::string escaping;
  int quality = 1000;
};

std::optional<Clause> read_clause(std::string_view text) {
  Clause clause;
  clause.type = base::lower_case(take_until(text, ';'));
  const std::size_t slash = clause.type.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == clause.type.size()) return std::nullopt;
  while (!text.empty()) {
    std::string_view parameter = take_until(text, ';');
    const std::string name = base::lower_case(take_until(parameter, '='));
    const std::string value = unquoted(base::trimmed(parameter));
    if (name == "q") {
      const std::optional<int> quality = base::parse_weight(value);
      if (!quality) return std::nullopt;
      clause.quality = *quality;
    }
    if (name == "version") clause.version = value;
    if (name == "proto") clause.proto = value;
    if (name == "encoding") clause.encoding = value;
    if (name == "escaping") clause.escaping = value;
  }
  return clause;
}

struct Offer {
  ExpositionFormat format;
  std::string_view type;
  std::string_view version;  // what a clause without one means, too
  std::string_view proto;
  std::string_view encoding;
  std::string_view content_type;
};

// In the order in which a wildcard takes them.
constexpr std::array<Offer, 3> kOffers{{
    {ExpositionFormat::kText, "text/plain", "0.0.4", "", "", "text/plain; version=0.0.4; charset=utf-8"},
    {ExpositionFormat::kOpenMetrics, "application/openmetrics-text", "1.0.0", "", "",
     "application/openmetrics-text; version=1.0.0; charset=utf-8"},
    {ExpositionFormat::kProtobuf, "application/vnd.google.protobuf", "", "io.prometheus.client.MetricFamily",
     "delimited",
     "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
}};

bool is_wildcard(const Clause& clause) { return clause.type.ends_with("/*"); }

bool names(const Clause& clause, const Offer& offer) {
  return clause.type == offer.type && (clause.version.empty() || clause.version == offer.version) &&
         clause.proto == offer.proto && clause.encoding == offer.encoding;
}

bool covers(const Clause& wildcard, const Offer& offer) {
  return wildcard.type == "*/*" ||
         offer.type.starts_with(std::string_view(wildcard.type).substr(0, wildcard.type.size() - 1));
}

/// What a wildcard may take.
std::vector<Offer> not_excluded(std::span<const Clause> clauses) {
  std::vector<Offer> offers(kOffers.begin(), kOffers.end());
  std::erase_if(offers, [&](const Offer& offer) {
    return std::ranges::any_of(clauses, [&](const Clause& c) { return c.quality == 0 && names(c, offer); });
  });
  return offers;
}

const Offer* find_offer(const Clause& clause, std::span<const Offer> for_wildcards) {
  if (is_wildcard(clause)) {
    const auto found = std::ranges::find_if(for_wildcards, [&](const Offer& o) { return covers(clause, o); });
    return found != for_wildcards.end() ? &*found : nullptr;
  }
  const auto* const found = std::ranges::find_if(kOffers, [&](const Offer& o) { return names(clause, o); });
  return found != kOffers.end() ? found : nullptr;
}

std::string content_type_of(const Offer& offer, std::string_view escaping) {
  std::string type(offer.content_type);
  if (escaping == "dots") escaping = "underscores";
  for (const std::string_view known : {"allow-utf-8", "underscores", "values"})
    if (escaping == known) type.append("; escaping=").append(known);
  return type;
}

}  // namespace

NegotiatedFormat negotiate_exposition(std::string_view accept) {
  std::vector<Clause> clauses;
  while (!accept.empty())
    if (std::optional<Clause> clause = read_clause(take_until(accept, ','))) clauses.push_back(*clause);
  const std::vector<Offer> for_wildcards = not_excluded(clauses);
  NegotiatedFormat best{ExpositionFormat::kText, std::string(kOffers[0].content_type)};
  int best_quality = 0;
  for (const Clause& clause : clauses) {
    if (clause.quality <= best_quality) continue;
    if (const Offer* const offer = find_offer(clause, for_wildcards)) {
      best = {offer->format, content_type_of(*offer, clause.escaping)};
      best_quality = clause.quality;
    }
  }
  return best;
}

}  // namespace archestra::telemetry
