// Policies: a decision does not depend on how JSON is written, what cannot be read is restricted and not
// permitted, a rule without conditions blocks by every name that folds to its own, and what is told about a
// refusal is a bounded text whatever was called.
//
// An input is a line each for the operator (its number), the tool, the key and the value of a condition, and
// then the arguments of a call.

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/json_text.h"
#include "policy/json_document.h"
#include "policy/policy_rules.h"
#include "policy/policy_set.h"
#include "policy/refusal_text.h"
#include "policy/tool_name.h"

namespace archestra::fuzz {
namespace {

using call::Decision;
using model::Condition;
using model::InvocationAction;
using model::Operator;
using model::TrustAction;
using policy::Context;
using policy::JsonDocument;
namespace dom = simdjson::dom;

const model::AgentSettings kDenying{.deny_tools_in_untrusted_context = true, .on_client_disconnect = {}};

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// --- The same JSON, written otherwise

void write_otherwise(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = base::utf8_sequence_length(text);
    ARCHESTRA_ASSERT(length != 0, "what was parsed is valid");
    if (length == 1)
      fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned char>(text[0]));
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  out += '"';
}

void write_otherwise(std::string& out, dom::element value) {
  constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
  switch (value.type()) {
    case dom::element_type::OBJECT: {
      out += "{ ";
      const char* before = "";
      for (const dom::key_value_pair member : dom::object(value)) {
        out += before;
        write_otherwise(out, member.key);
        out += "\t: ";
        write_otherwise(out, member.value);
        before = "\r\n, ";
      }
      out += " }";
      break;
    }
    case dom::element_type::ARRAY: {
      out += "[\n";
      const char* before = "";
      for (const dom::element item : dom::array(value)) {
        out += before;
        write_otherwise(out, item);
        before = " , ";
      }
      out += "\n]";
      break;
    }
    case dom::element_type::STRING:
      write_otherwise(out, std::string_view(value));
      break;
    case dom::element_type::INT64: {
      const std::int64_t number(value);
      fmt::format_to(std::back_inserter(out), "{}", number);
      if (number > -kExactMax && number < kExactMax) out += number % 2 == 0 ? ".0" : "e0";
      break;
    }
    default:
      fmt::format_to(std::back_inserter(out), "{}", simdjson::minify(value));
  }
}

// "" where it cannot be read.
std::string written_otherwise(std::string_view json) {
  JsonDocument document(JsonDocument::Kind::kArguments, json);
  std::string out;
  if (document.read() == JsonDocument::State::kJson) write_otherwise(out, document.root());
  return out;
}

// --- Decisions

struct Rows {
  policy::PolicyRows rows;

  void call(std::string_view tool, const std::vector<Condition>& conditions, InvocationAction action) {
    rows.invocation.push_back({.id = {},
                               .agent_id = {},
                               .tool = std::string(tool),
                               .conditions = conditions,
                               .action = action,
                               .reason = ""});
  }
  void result(std::string_view tool, const std::vector<Condition>& conditions, TrustAction action) {
    rows.trusted_data.push_back({.id = {},
                                 .agent_id = {},
                                 .tool = std::string(tool),
                                 .conditions = conditions,
                                 .action = action,
                                 .description = ""});
  }
};

policy::PolicySetRef compiled(const Rows& rows) {
  auto set = policy::compile(rows.rows);
  ARCHESTRA_ASSERT(set.has_value(), "a condition without a fault compiles");
  return *set;
}

// What one condition makes of one text.
struct Judged {
  bool blocks;
  bool allows;
  bool blocks_result;
  bool trusts_result;
  bool operator==(const Judged&) const = default;
};

class Judge {
 public:
  explicit Judge(const std::vector<Condition>& conditions) {
    Rows blocking;
    blocking.call("t", conditions, InvocationAction::kBlockAlways);
    blocking.result("t", conditions, TrustAction::kBlockAlways);
    blocking_ = compiled(blocking);
    Rows permitting;
    permitting.call("t", conditions, InvocationAction::kAllowWhenContextIsUntrusted);
    permitting.result("t", conditions, TrustAction::kMarkAsTrusted);
    permitting_ = compiled(permitting);
  }

  bool blocks(const policy::CallToJudge& call) const {
    return blocking_->of({}).judge(call, {}, Context::kTrusted).decision == Decision::kBlocked;
  }
  bool allows(const policy::CallToJudge& call) const {
    return permitting_->of({}).judge(call, kDenying, Context::kUntrusted).decision == Decision::kAllowed;
  }
  bool blocks_result(const std::vector<std::string>& contents) const {
    return blocking_->of({}).judge_result({.tools = tools_, .contents = contents}).blocked_by.has_value();
  }
  bool trusts_result(const std::vector<std::string>& contents) const {
    return permitting_->of({}).judge_result({.tools = tools_, .contents = contents}).is_trusted;
  }
  Judged judge(std::string_view text) const {
    const policy::CallToJudge call{.name = "t", .arguments = text};
    const std::vector<std::string> contents{std::string(text)};
    return {.blocks = blocks(call),
            .allows = allows(call),
            .blocks_result = blocks_result(contents),
            .trusts_result = trusts_result(contents)};
  }

 private:
  policy::PolicySetRef blocking_;
  policy::PolicySetRef permitting_;
  std::vector<std::string> tools_{"t"};
};

void check_condition(const Condition& condition, std::string_view text) {
  if (policy::condition_fault(condition)) {
    Rows rows;
    rows.call("t", {condition}, InvocationAction::kBlockAlways);
    ARCHESTRA_ASSERT(!policy::compile(rows.rows), "a fault is one to all");
    return;
  }
  const Judge judge({condition});
  const Judged judged = judge.judge(text);
  ARCHESTRA_ASSERT(!judged.allows || judged.blocks, "what all values satisfy one does");
  ARCHESTRA_ASSERT(!judged.trusts_result || judged.blocks_result, "of a result too");

  const policy::CallToJudge cut_off{.name = "t", .arguments = text, .arguments_are_readable = false};
  ARCHESTRA_ASSERT(judge.blocks(cut_off) && !judge.allows(cut_off), "a doubt is restricted");
  const std::string otherwise = written_otherwise(text);
  if (otherwise.empty()) {
    ARCHESTRA_ASSERT(judged.blocks && !judged.allows, "what cannot be read is a doubt");
  } else {
    const Judged again = judge.judge(otherwise);
    ARCHESTRA_ASSERT(again.blocks == judged.blocks && again.allows == judged.allows,
                     "it does not matter how JSON is written");
    // The whole of a content is its text.
    ARCHESTRA_ASSERT(condition.key.empty() || again == judged, "nor within contents");
  }

  const std::string other = R"({"a":"x"})";
  const Judged of_other = judge.judge(other);
  ARCHESTRA_ASSERT(
      judge.blocks_result({std::string(text), other}) == (judged.blocks_result || of_other.blocks_result),
      "one content is enough for a block");
  ARCHESTRA_ASSERT(
      judge.trusts_result({other, std::string(text)}) == (judged.trusts_result && of_other.trusts_result),
      "and all have to be trusted");
}

// equal and notEqual, contains and notContains.
void check_opposites(const Condition& condition, std::string_view text) {
  for (const auto [positive, negative] : {std::array{Operator::kEqual, Operator::kNotEqual},
                                          std::array{Operator::kContains, Operator::kNotContains}}) {
    const Condition is{.key = condition.key, .op = positive, .value = condition.value};
    const Condition is_not{.key = condition.key, .op = negative, .value = condition.value};
    if (policy::condition_fault(is)) return;
    const Judged all = Judge({is}).judge(text);
    const Judged any = Judge({is_not}).judge(text);
    ARCHESTRA_ASSERT(any.blocks == !all.allows, "one that is not where not all are");
    ARCHESTRA_ASSERT(any.blocks_result == !all.trusts_result, "of a result too");
  }
}

void check_names(std::string_view tool) {
  const std::string folded = policy::folded_name(tool);
  ARCHESTRA_ASSERT(policy::folded_name(folded) == folded, "what is folded stays");
  Rows rows;
  rows.call(tool, {}, InvocationAction::kBlockAlways);
  const policy::PolicySetRef set = compiled(rows);
  const std::string apart = fmt::format(" {}\u200b\n", tool);
  const std::string prefixed = "default_api:" + folded;
  for (const std::string_view name :
       {tool, std::string_view(folded), std::string_view(apart), std::string_view(prefixed)}) {
    // Nothing behind the prefix: it is the name.
    if (folded.empty() && name == prefixed) continue;
    for (const std::string_view arguments : {"{}", "{", ""}) {
      const auto decision = set->of({}).judge({.name = name, .arguments = arguments}, {}, Context::kTrusted);
      ARCHESTRA_ASSERT(decision.decision == Decision::kBlocked, "without conditions it always blocks");
    }
  }
}

void check_refusal(std::string_view tool, std::string_view value, std::string_view text) {
  const std::array<policy::CallToJudge, 3> calls{{{.name = tool, .arguments = text},
                                                  {.name = value, .arguments = tool},
                                                  {.name = text, .arguments = value}}};
  const call::ToolDecision blocked{.tool = "", .decision = Decision::kBlocked, .reason = std::string(text)};
  const std::array<call::ToolDecision, 3> decisions{blocked, call::ToolDecision{.tool = ""}, blocked};
  std::string_view rest;
  const std::string refusal = policy::refusal_text(calls, decisions);
  ARCHESTRA_ASSERT(refusal.size() <= std::size_t{33} << 10, "a refusal is bounded");
  ARCHESTRA_ASSERT(std::ranges::count(refusal, '\n') == 3, "and has a line for each call");
  for (rest = refusal; !rest.empty(); rest.remove_prefix(base::utf8_sequence_length(rest))) {
    ARCHESTRA_ASSERT(base::utf8_sequence_length(rest) != 0, "valid UTF-8");
    ARCHESTRA_ASSERT(static_cast<unsigned char>(rest[0]) >= 0x20 || rest[0] == '\n',
                     "without control characters");
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view op = fuzz::take_line(rest);
  const std::string_view tool = fuzz::take_line(rest);
  const std::string_view key = fuzz::take_line(rest);
  const std::string_view value = fuzz::take_line(rest);
  const std::size_t number =
      op.empty() ? 0 : static_cast<unsigned char>(op[0] - '0') % model::kOperatorNames.size();
  const model::Condition condition{
      .key = std::string(key), .op = static_cast<model::Operator>(number), .value = std::string(value)};
  fuzz::check_condition(condition, rest);
  fuzz::check_opposites(condition, rest);
  fuzz::check_names(tool);
  fuzz::check_refusal(tool, value, rest);
  return 0;
}
