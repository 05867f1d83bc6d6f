// One condition of a rule, compiled. Implementation detail of policy/.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/policy.h"
#include "policy/json_path.h"

namespace re2 {
class RE2;
}

namespace archestra::policy {

class JsonDocument;

/// What its rule does, which decides about doubts: what cannot be read, or is there twice with different
/// values, is restricted and not permitted.
enum class Use : bool {
  kRestricts,  ///< it blocks or marks as untrusted: one value that satisfies a condition is enough
  kPermits,    ///< it allows or marks as trusted: all values have to, at least one
};

class CompiledCondition {
 public:
  /// A fault is a sentence for the person who wrote it.
  static std::expected<CompiledCondition, std::string> compile(const model::Condition& condition);

  bool holds(JsonDocument& document, Use use) const;

 private:
  class Walk;

  CompiledCondition(JsonPath path, model::Operator op, std::string value);
  bool is_negative() const;
  bool matches_text(std::string_view text) const;

  JsonPath path_;
  model::Operator op_;
  std::string value_;
  std::optional<long double> number_ = {};  // what the value is as a JSON number
  std::shared_ptr<const re2::RE2> pattern_ = {};
};

/// Whether all of them do.
bool all_hold(std::span<const CompiledCondition> conditions, JsonDocument& document, Use use);

}  // namespace archestra::policy
