#include "policy/redactor.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <vector>

#include "base/assert.h"

namespace archestra::policy {
namespace {

// A credential begins where a word does; behind an escape of JSON within a text it looks as if none did.
constexpr std::string_view kKnown =
    // PEM (RFC 7468); to the end where it has none.
    R"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.)*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z))"
    R"(|(?:\b|_|\\[nrtbf])(?:)"
    R"(sk-[A-Za-z0-9_-]{16,})"                      // OpenAI, Anthropic (sk-ant-) and who copies them
    R"(|AIza[A-Za-z0-9_-]{30,})"                    // Google
    R"(|(?:AKIA|ASIA)[A-Z0-9]{16})"                 // AWS
    R"(|gh[opusr]_[A-Za-z0-9]{20,})"                // GitHub
    R"(|github_pat_[A-Za-z0-9_]{20,})"              //
    R"(|xox[a-z]-[A-Za-z0-9-]{10,})"                // Slack
    R"(|(?i:bearer)[ \t]+[A-Za-z0-9._~+/=-]{16,})"  // RFC 6750
    R"(|eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]*){0,3})"  // JWT: JWS and JWE, compact
    R"())";

constexpr std::int64_t kPatternBytesMax = std::int64_t{1} << 20;

struct Interval {
  std::size_t begin;
  std::size_t end;
};

std::shared_ptr<const re2::RE2> compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kPatternBytesMax);
  return std::make_shared<const re2::RE2>(pattern, options);
}

void find(const re2::RE2& pattern, std::string_view text, std::size_t size, std::vector<Interval>& found) {
  std::size_t from = 0;
  re2::StringPiece match;
  while (from < size && pattern.Match(text, from, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    if (!match.empty()) found.push_back({begin, begin + match.size()});
    from = begin + std::max<std::size_t>(match.size(), 1);
  }
}

void find(std::string_view secret, std::string_view text, std::size_t size, std::vector<Interval>& found) {
  if (secret.size() < Redactor::kSecretBytesMin) return;
  for (std::size_t at = text.find(secret); at < size; at = text.find(secret, at + secret.size()))
    found.push_back({at, at + secret.size()});
}

}  // namespace

std::expected<std::shared_ptr<const Redactor>, std::string> Redactor::make(std::string_view pattern) {
  auto redactor = std::shared_ptr<Redactor>(new Redactor());
  redactor->known_ = compile(kKnown);
  ARCHESTRA_ASSERT(redactor->known_->ok(), "our own pattern is one");
  if (pattern.empty()) return redactor;
  redactor->own_ = compile(pattern);
  if (redactor->own_->ok()) return redactor;
  return std::unexpected(fmt::format("it is no regular expression of RE2: {}", redactor->own_->error()));
}

void Redactor::append(std::string& out, std::string_view text, std::size_t size,
                      std::span<const std::string_view> secrets) const {
  size = std::min(size, text.size());
  std::vector<Interval> found;
  find(*known_, text, size, found);
  if (own_ != nullptr) find(*own_, text, size, found);
  for (const std::string_view secret : secrets) find(secret, text, size, found);
  std::ranges::sort(found, {}, &Interval::begin);
  std::size_t from = 0;
  for (std::size_t i = 0; i < found.size() && found[i].begin < size;) {
    const std::size_t begin = found[i].begin;
    std::size_t end = found[i].end;
    for (++i; i < found.size() && found[i].begin <= end; ++i) end = std::max(end, found[i].end);
    out.append(text.substr(from, begin - from)).append(kReplacement);
    from = end;
  }
  if (from < size) out.append(text.substr(from, size - from));
}

}  // namespace archestra::policy
