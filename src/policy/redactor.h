// Takes credentials out of texts that are about to be shown to somebody: those of the known kinds (keys of
// providers and clouds, tokens, private keys), those that match a pattern of whoever runs the gateway, and
// any that the caller knows. Immutable; for any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace archestra::policy {

class Redactor {
 public:
  static constexpr std::string_view kReplacement = "[REDACTED]";
  /// A shorter one that the caller knows is no secret: to replace it would make texts unreadable.
  static constexpr std::size_t kSecretBytesMin = 8;

  /// `pattern` in RE2's syntax, "" for none. The error is a sentence about the pattern.
  static std::expected<std::shared_ptr<const Redactor>, std::string> make(std::string_view pattern);

  /// Appends the first `size` bytes of `text`, with kReplacement for each credential. One that begins in them
  /// and ends behind them, in `text`, is replaced too, so that none survives in part. What touches becomes
  /// one.
  void append(std::string& out, std::string_view text, std::size_t size,
              std::span<const std::string_view> secrets) const;

 private:
  Redactor() = default;

  std::shared_ptr<const re2::RE2> known_;
  std::shared_ptr<const re2::RE2> own_;  // null for none
};

}  // namespace archestra::policy
