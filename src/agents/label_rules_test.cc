#include "agents/label_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::agents {
namespace {

using model::Label;
using ::testing::HasSubstr;

// Stand-ins for telemetry's: what matters here is what is made of their answers.
std::string underscored(std::string_view key) {
  std::string name(key);
  for (char& c : name)
    if (c == '-' || c == '.') c = '_';
  return name;
}
bool is_reserved(std::string_view name) { return name == "agent_id" || name == "job" || name == "model"; }
constexpr MetricNames kMetrics{.name_of_key = underscored, .is_reserved = is_reserved};

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(NameRules, Table) {
  struct {
    std::string name;
    std::string fault;
  } const table[] = {
      {"A", ""},
      {"Support Bot", ""},
      {times(255, "x"), ""},
      {times(255, "\U0001f916"), ""},
      {"", "is empty"},
      {times(256, "x"), "has 256 characters; it may have 255"},
      {times(256, "\u00e4"), "has 256 characters"},
      {"a\nb", "control characters"},
      {std::string("a\0b", 3), "control characters"},
      {"a\x7f", "control characters"},
      {"a\u0085", "control characters"},
      {"\u00a0", ""},
      {"a\xff", "not valid UTF-8"},
      {"\xed\xa0\x80", "not valid UTF-8"},  // a surrogate
  };
  for (const auto& [name, fault] : table) {
    const auto found = name_fault(name);
    EXPECT_EQ(found.has_value(), !fault.empty()) << name;
    if (found) EXPECT_THAT(*found, HasSubstr(fault));
  }
}

TEST(LabelRules, Table) {
  struct {
    std::vector<Label> labels;
    std::string fault;
  } const table[] = {
      {{}, ""},
      {{{"team", "search"}, {"cost-center", "7"}, {"empty", ""}}, ""},
      {{{times(63, "\u00fc"), times(255, "\U0001f916")}}, ""},
      {{{"ID", ""}, {"Name", ""}, {"_x", ""}}, ""},
      {{{"", "x"}}, "The key of label 1 is empty"},
      {{{"a", ""}, {times(64, "k"), ""}}, "The key of label 2 has 64 characters; it may have 63"},
      {{{"k", times(256, "v")}}, "The value of label \"k\" has 256 characters; it may have 255"},
      {{{"a\tb", ""}}, "control characters"},
      {{{"k", "a\rb"}}, "The value of label \"k\" has control characters"},
      {{{"\xc3", ""}}, "not valid UTF-8"},
      {{{"id", "x"}}, "\"id\" collides with the attribute agent.id"},
      {{{"name", "x"}}, "\"name\" collides with the attribute agent.name"},
      {{{"__team", "x"}}, "\"__team\" starts with \"__\""},
      {{{"job", "x"}}, "\"job\" collides with the label of that name"},
      {{{"agent-id", "x"}}, "\"agent-id\" becomes \"agent_id\" in metrics and collides"},
      {{{"a.b", "1"}, {"c", ""}, {"a-b", "2"}}, "\"a.b\" and \"a-b\" collide: both become \"a_b\""},
      {{{"a", "1"}, {"a", "1"}}, "\"a\" occurs twice"},
  };
  for (const auto& [labels, fault] : table) {
    const auto found = labels_fault(labels, kMetrics);
    EXPECT_EQ(found.has_value(), !fault.empty()) << fault << found.value_or("");
    if (found) EXPECT_THAT(*found, HasSubstr(fault));
  }
}

TEST(LabelRules, AsManyAsAreAllowed) {
  std::vector<Label> labels;
  labels.reserve(kLabelsMax + 1);
  for (std::size_t i = 0; i < kLabelsMax; ++i) labels.push_back({"k" + std::to_string(i), "v"});
  EXPECT_FALSE(labels_fault(labels, kMetrics));
  labels.push_back({"one-more", ""});
  EXPECT_THAT(labels_fault(labels, kMetrics).value_or(""), HasSubstr("33 labels; an agent may have 32"));
}

}  // namespace
}  // namespace archestra::agents
