#include "policy/condition.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <string.h>  // memmem

#include <algorithm>
#include <cfloat>
#include <utility>

#include "policy/json_document.h"
#include "policy/policy_set.h"

namespace archestra::policy {
namespace {

using model::Operator;

// Of a compiled pattern with the states that it makes while it matches; without room for more of them RE2 is
// slower.
constexpr std::int64_t kPatternBytesMax = std::int64_t{1} << 20;

// Wide enough that no two numbers which JSON is read into become the same.
static_assert(LDBL_MANT_DIG >= 64);
std::optional<long double> number_of(dom::element value) {
  switch (value.type()) {
    case dom::element_type::INT64:
      return static_cast<long double>(std::int64_t(value));
    case dom::element_type::UINT64:
      return static_cast<long double>(std::uint64_t(value));
    case dom::element_type::DOUBLE:
      return static_cast<long double>(double(value));
    default:
      return std::nullopt;
  }
}

std::optional<long double> number_of(std::string_view text) {
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || std::string_view("+-.eE").contains(c); };
  dom::parser parser;
  dom::element root;
  if (!std::ranges::all_of(text, is_part) || parser.parse(text.data(), text.size()).get(root))
    return std::nullopt;
  return number_of(root);
}

bool has_inside(dom::element value) { return value.is_object() || value.is_array(); }

// In linear time, which std::string_view::find() is not.
bool contains(std::string_view text, std::string_view part) {
  return part.empty() || memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

std::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kPatternBytesMax);
  auto compiled = std::make_shared<const re2::RE2>(pattern, options);
  if (!compiled->ok())
    return std::unexpected(
        fmt::format("The pattern is no regular expression of RE2: {}.", compiled->error()));
  return compiled;
}

}  // namespace

/// Looks at each value that the path leads to, until one decides.
class CompiledCondition::Walk {
 public:
  Walk(const CompiledCondition& condition, Use use) : condition_(condition), use_(use) {}

  bool holds(dom::element root) {
    if (visit(root, condition_.path_) && !has_found_) on_absent();
    return result_;
  }

 private:
  // The following tell whether to go on.

  bool visit(dom::element value, std::span<const PathStep> steps) {
    if (steps.empty()) return on(matches(value));
    const PathStep& step = steps.front();
    const auto rest = steps.subspan(1);
    bool leads_on = false;
    if (value.is_object()) {
      leads_on = step.is_every;
      for (const dom::key_value_pair member : dom::object(value)) {
        if (!step.is_every && member.key != step.member) continue;
        leads_on = true;
        if (!visit(member.value, rest)) return false;
      }
    } else if (value.is_array() && step.is_every) {
      leads_on = true;
      for (const dom::element item : dom::array(value))
        if (!visit(item, rest)) return false;
    } else if (dom::element item; value.is_array() && step.index && !value.at(*step.index).get(item)) {
      return visit(item, rest);
    }
    return leads_on || on_absent();
  }

  // Nothing is where a value could be, which is equal to no value, and so not what could be permitted.
  bool on_absent() { return on(use_ == Use::kRestricts && condition_.is_negative()); }

  bool on(bool is_satisfied) {
    has_found_ = true;
    result_ = is_satisfied;
    return is_satisfied == (use_ == Use::kPermits);
  }

  bool matches(dom::element value) {
    const bool is_equality = condition_.op_ == Operator::kEqual || condition_.op_ == Operator::kNotEqual;
    if (is_equality && condition_.number_ && number_of(value) == condition_.number_)
      return condition_.op_ == Operator::kEqual;
    return condition_.matches_text(text_of(value, scratch_));
  }

  const CompiledCondition& condition_;
  const Use use_;
  bool has_found_ = false;
  bool result_ = false;
  std::string scratch_;
};

CompiledCondition::CompiledCondition(JsonPath path, model::Operator op, std::string value)
    : path_(std::move(path)), op_(op), value_(std::move(value)) {}

std::expected<CompiledCondition, std::string> CompiledCondition::compile(const model::Condition& condition) {
  auto path = parse_path(condition.key);
  if (!path)
    return std::unexpected(fmt::format("The key \"{}\" is no path: {}.", condition.key, path.error()));
  CompiledCondition compiled(std::move(*path), condition.op, condition.value);
  if (condition.op == Operator::kRegex) {
    auto pattern = compile_pattern(condition.value);
    if (!pattern) return std::unexpected(std::move(pattern.error()));
    compiled.pattern_ = std::move(*pattern);
  }
  compiled.number_ = number_of(condition.value);
  return compiled;
}

bool CompiledCondition::is_negative() const {
  return op_ == Operator::kNotEqual || op_ == Operator::kNotContains;
}

bool CompiledCondition::matches_text(std::string_view text) const {
  switch (op_) {
    case Operator::kEqual:
      return text == value_;
    case Operator::kNotEqual:
      return text != value_;
    case Operator::kContains:
      return contains(text, value_);
    case Operator::kNotContains:
      return !contains(text, value_);
    case Operator::kStartsWith:
      return text.starts_with(value_);
    case Operator::kEndsWith:
      return text.ends_with(value_);
    case Operator::kRegex:
      return re2::RE2::PartialMatch(text, *pattern_);
  }
  return false;
}

bool CompiledCondition::holds(JsonDocument& document, Use use) const {
  // The whole of a content is its text, be it JSON or not.
  if (path_.empty() && document.kind() == JsonDocument::Kind::kContent) return matches_text(document.text());
  switch (document.read()) {
    case JsonDocument::State::kJson:
      // Arguments that nothing can be in may be read once more by whoever expects an object.
      if (!path_.empty() && document.kind() == JsonDocument::Kind::kArguments && !has_inside(document.root()))
        return use == Use::kRestricts;
      return Walk(*this, use).holds(document.root());
    case JsonDocument::State::kPlainText:
      return use == Use::kRestricts && is_negative();
    case JsonDocument::State::kUnreadable:
      break;
  }
  return use == Use::kRestricts;
}

bool all_hold(std::span<const CompiledCondition> conditions, JsonDocument& document, Use use) {
  return std::ranges::all_of(conditions, [&](const CompiledCondition& condition) {  //
    return condition.holds(document, use);
  });
}

std::optional<std::string> condition_fault(const model::Condition& condition) {
  auto compiled = CompiledCondition::compile(condition);
  if (compiled) return std::nullopt;
  return std::move(compiled.error());
}

}  // namespace archestra::policy
