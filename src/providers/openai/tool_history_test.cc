#include "providers/openai/tool_history.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/json_view.h"

namespace archestra::providers::openai {
namespace {

// A result, with the text of its places instead of their numbers.
struct Result {
  std::vector<std::string> tools;
  std::vector<std::string> contents;
  std::vector<std::string> places;
  bool has_opaque = false;
  bool operator==(const Result&) const = default;
};

void PrintTo(const Result& result, std::ostream* out) {
  for (const auto& texts : {result.tools, result.contents, result.places}) {
    *out << "[";
    for (const std::string& text : texts) *out << text << ",";
    *out << "]";
  }
  if (result.has_opaque) *out << " opaque";
}

using ReadHistory = ToolHistory (*)(std::string_view, std::size_t);

// Also checks that a text fits into each place.
std::vector<Result> results_of(const ToolHistory& history, std::string_view body) {
  std::vector<Result> results;
  for (const ToolResult& result : history.results) {
    Result& plain =
        results.emplace_back(result.tools, result.contents, std::vector<std::string>(), result.has_opaque);
    for (const ResultPlace& place : result.places) {
      plain.places.emplace_back(body.substr(place.offset, place.size));
      std::string replaced(body);
      replaced.replace(place.offset, place.size,
                       std::string(place.before) + "\"text\"" + std::string(place.after));
      EXPECT_TRUE(json::View::parse(replaced)) << replaced;
    }
  }
  return results;
}

ToolHistory read(ReadHistory reader, std::string_view body) {
  const http::ExactCopy exact(body);
  const ToolHistory history = reader(exact.view(), 0);
  const std::string with_slack = std::string(body) + std::string(64, '}');
  EXPECT_TRUE(reader(std::string_view(with_slack).substr(0, body.size()), 64) == history) << body;
  return history;
}

struct Case {
  std::string_view items;
  std::vector<Result> results;
};

TEST(ToolHistory, ReadsMessagesOfTools) {
  const std::string kCalls =
      R"({"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},)"
      R"({"id":"b","type":"custom","custom":{"name":"g","input":""}},{"id":"c"}]},)";
  const std::vector<Case> kCases = {
      {R"({"role":"tool","tool_call_id":"a","content":"it is \"5\""})",
       {{{"f"}, {"it is \"5\""}, {R"("it is \"5\"")"}}}},
      {R"({"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"x"}, {"text":"y","type":"text"},"z"]})",
       {{{"g"}, {"x", "y", "z"}, {R"([{"type":"text","text":"x"}, {"text":"y","type":"text"},"z"])"}}}},
      {R"({"role":"tool","tool_call_id":"a","content":[{"type":"image_url","image_url":{}},{"type":"text","text":"x"}]})",
       {{{"f"}, {"x"}, {R"([{"type":"image_url","image_url":{}},{"type":"text","text":"x"}])"}, true}}},
      {R"({"role":"tool","tool_call_id":"a","content":[{"type":"text","text":["x"]}]})",
       {{{"f"}, {}, {R"([{"type":"text","text":["x"]}])"}, true}}},
      {R"({"role":"tool","tool_call_id":"a","content":{"x": 1}})",
       {{{"f"}, {R"({"x": 1})"}, {R"({"x": 1})"}}}},
      {R"({"role":"tool","tool_call_id":"a","content":null})", {{{"f"}, {}, {}}}},
      {R"({"role":"tool","tool_call_id":"a"})", {{{"f"}, {}, {}}}},
      {R"({"r\u006fle":"t\u006fol","tool_call_id":"\u0061","content":"1"})", {{{"f"}, {"1"}, {R"("1")"}}}},
      {R"({"role":"tool","tool_call_id":"c","content":"1"})", {{{}, {"1"}, {R"("1")"}}}},
      {R"({"role":"tool","tool_call_id":"d","content":"1"})", {{{}, {"1"}, {R"("1")"}}}},
      {R"({"role":"tool","content":"1"})", {{{}, {"1"}, {R"("1")"}}}},
      {R"({"role":"function","name":"h","content":"1"})", {{{"h"}, {"1"}, {R"("1")"}}}},
      {R"({"role":"function","tool_call_id":"a","content":"1"})", {{{}, {"1"}, {R"("1")"}}}},
      {R"({"role":"user","tool_call_id":"a","content":"1"})", {}},
      // An id that stands for two calls, one of them behind the result.
      {R"({"role":"tool","tool_call_id":"a","content":"1"},{"role":"user","tool_calls":[{"id":"a","function":{"name":"k"}},
          {"id":"a","function":{"name":"k"}}]},{"role":"tool","tool_call_id":"b","content":"2"})",
       {{{"f", "k"}, {"1"}, {R"("1")"}}, {{"g"}, {"2"}, {R"("2")"}}}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.items);
    const std::string body =
        R"({"model":"m","messages":[)" + kCalls + std::string(c.items) + R"(],"input":7})";
    const ToolHistory history = read(chat_history, body);
    EXPECT_TRUE(history.is_readable);
    EXPECT_TRUE(history.is_complete);
    EXPECT_EQ(results_of(history, body), c.results);
  }
}

TEST(ToolHistory, DoesNotReadMessagesThatMakeNoSense) {
  for (
      const std::string_view body :
      {"",
       "x",
       "[]",
       "null",
       R"({"messages":{}})",
       R"({"messages":"x"})",
       R"({"messages":[1]})",
       R"({"messages":[[]]})",
       R"({"messages":[{}]})",
       R"({"messages":[{"role":7}]})",
       R"({"messages":[],"messages":[]})",
       R"({"messages":[],"message\u0073":[]})",
       R"({"messages":[{"role":"user","role":"tool"}]})",
       R"({"messages":[{"role":"tool","content":"a","content":"b"}]})",
       R"({"messages":[{"role":"tool","tool_call_id":"a","tool_call_id":"b"}]})",
       R"({"messages":[{"role":"function","name":"a","name":"b"}]})",
       R"({"messages":[{"role":"tool","content":[1]}]})",
       R"({"messages":[{"role":"tool","content":[{"text":"a","text":"b"}]}]})",
       R"({"messages":[{"role":"assistant","tool_calls":{}}]})",
       R"({"messages":[{"role":"assistant","tool_calls":[1]}]})",
       R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","id":"b"}]}]})",
       R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"a","name":"b"}}]}]})"}) {
    const ToolHistory history = read(chat_history, body);
    EXPECT_FALSE(history.is_readable) << body;
    EXPECT_TRUE(history.results.empty()) << body;
  }
  for (const std::string_view body : {"{}", R"({"messages":null})", R"({"messages":[]})"})
    EXPECT_TRUE(read(chat_history, body).is_readable) << body;
}

TEST(ToolHistory, ReadsOutputsOfCalls) {
  const std::string kCalls =
      R"({"role":"user","content":"hi"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},)"
      R"({"type":"custom_tool_call","call_id":"b","name":"g"},{"type":"mcp_call","id":"m","name":"x","output":"provider's"},)"
      R"({"type":"web_search_call","id":"w"},{"type":"mcp_approval_response","approve":true},)";
  const std::vector<Case> kCases = {
      {R"({"type":"function_call_output","call_id":"a","output":"5"})", {{{"f"}, {"5"}, {R"("5")"}}}},
      {R"({"typ\u0065":"function_call_output","call_id":"\u0061","output":"5"})",
       {{{"f"}, {"5"}, {R"("5")"}}}},
      {R"({"type":"custom_tool_call_output","call_id":"b","output":[{"type":"input_text","text":"x"},{"type":"input_image"}]})",
       {{{"g"}, {"x"}, {R"([{"type":"input_text","text":"x"},{"type":"input_image"}])"}, true}}},
      {R"({"type":"function_call_output","call_id":"z","output":"5"})", {{{}, {"5"}, {R"("5")"}}}},
      {R"({"type":"function_call_output","call_id":"a","name":"h","output":"5"})",
       {{{"f", "h"}, {"5"}, {R"("5")"}}}},
      {R"({"type":"function_call_output","call_id":"z","name":"h","output":"5"})",
       {{{"h"}, {"5"}, {R"("5")"}}}},
      {R"({"type":"new_call_output","call_id":"a","output":"5"})", {{{"f"}, {"5"}, {R"("5")"}}}},
      {R"({"type":"function_call_output","call_id":"a","output":"5"},{"type":"function_call","call_id":"a","name":"h"})",
       {{{"f", "h"}, {"5"}, {R"("5")"}}}},
      {R"({"type":"computer_call_output","call_id":"a","output":{"type":"computer_screenshot","image_url":"x"}})",
       {{{"computer"}, {}, {R"({"type":"computer_screenshot","image_url":"x"})"}, true}}},
      {R"({"type":"local_shell_call_output","id":"a","output":"{}"})",
       {{{"local_shell"}, {"{}"}, {R"("{}")"}}}},
      {R"({"type":"apply_patch_call_output","call_id":"a","status":"failed","output":null})",
       {{{"apply_patch"}, {}, {}}}},
      {R"({"type":"shell_call_output","call_id":"a","output":[{"stdout":"o","stderr":""},{"stdout":"","stderr":"e"}]})",
       {{{"shell"}, {"o", "e"}, {R"([{"stdout":"o","stderr":""},{"stdout":"","stderr":"e"}])"}}}},
      {R"({"type":"tool_search_output","execution":"client","tools":[{"type":"function"}]})",
       {{{"tool_search"}, {R"([{"type":"function"}])"}, {R"([{"type":"function"}])"}}}},
      {R"({"type":"tool_search_output","execution":"server","tools":[]})", {}},
      {R"({"type":"message","role":"user","content":"x","call_id":"a","output":"5"})", {}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.items);
    const std::string body = R"({"input":[)" + kCalls + std::string(c.items) + R"(],"messages":7})";
    const ToolHistory history = read(responses_history, body);
    EXPECT_TRUE(history.is_readable);
    EXPECT_TRUE(history.is_complete);
    EXPECT_EQ(results_of(history, body), c.results);
  }
}

TEST(ToolHistory, TellsWhatTheProviderKeeps) {
  struct Kept {
    std::string_view body;
    bool is_complete;
  };
  constexpr Kept kCases[] = {
      {R"({"input":"hi"})", true},
      {"{}", true},
      {R"({"input":"hi","previous_response_id":null,"conversation":null})", true},
      {R"({"input":[{"role":"user","content":"hi","id":"msg_1"}]})", true},
      {R"({"input":"hi","previous_response_id":"resp_1"})", false},
      {R"({"input":"hi","previous_respons\u0065_id":"resp_1"})", false},
      {R"({"input":"hi","conversation":"conv_1"})", false},
      {R"({"input":"hi","conversation":{"id":"conv_1"}})", false},
      {R"({"input":[{"type":"item_reference","id":"fc_1"}]})", false},
      {R"({"input":[{"type":null,"id":"fc_1"}]})", false},
      {R"({"input":[{"id":"fc_1"}]})", false},
      {R"({"input":[{"type":"compaction","encrypted_content":"x"}]})", false},
  };
  for (const Kept& c : kCases) {
    const ToolHistory history = read(responses_history, c.body);
    EXPECT_TRUE(history.is_readable) << c.body;
    EXPECT_EQ(history.is_complete, c.is_complete) << c.body;
  }
}

TEST(ToolHistory, DoesNotReadItemsThatMakeNoSense) {
  for (const std::string_view body :
       {"", "x", "[]", R"({"input":{}})", R"({"input":7})", R"({"input":true})", R"({"input":[1]})",
        R"({"input":["x"]})", R"({"input":[{"type":7}]})", R"({"input":[],"input":[]})",
        R"({"input":[],"inpu\u0074":[]})", R"({"previous_response_id":null,"previous_response_id":"x"})",
        R"({"conversation":null,"conversation":"x"})",
        R"({"input":[{"type":"message","type":"function_call_output"}]})",
        R"({"input":[{"type":"function_call_output","output":"a","output":"b"}]})",
        R"({"input":[{"type":"function_call_output","call_id":"a","call_id":"b"}]})",
        R"({"input":[{"type":"function_call","name":"a","name":"b"}]})",
        R"({"input":[{"type":"function_call_output","output":[1]}]})",
        R"({"input":[{"type":"shell_call_output","output":["x"]}]})"}) {
    const ToolHistory history = read(responses_history, body);
    EXPECT_FALSE(history.is_readable) << body;
    EXPECT_TRUE(history.results.empty()) << body;
  }
}

}  // namespace
}  // namespace archestra::providers::openai
