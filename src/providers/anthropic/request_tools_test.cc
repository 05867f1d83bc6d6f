#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/anthropic/tools.h"

namespace archestra::providers::anthropic {
namespace {

using model::DeclaredTool;
using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

constexpr std::size_t kSlack = 64;

std::vector<DeclaredTool> tools_in(std::string_view body) {
  const http::ExactCopy exact(body);
  std::vector<DeclaredTool> tools = read_declared_tools(exact.view(), 0);
  const http::ExactCopy copy(std::string(body) + std::string(kSlack, '}'));
  EXPECT_EQ(read_declared_tools(copy.view().substr(0, body.size()), kSlack), tools);
  return tools;
}

ToolHistory history_in(std::string_view body) {
  const http::ExactCopy exact(body);
  ToolHistory history = read_tool_history(exact.view(), 0);
  const http::ExactCopy copy(std::string(body) + std::string(kSlack, '}'));
  EXPECT_EQ(read_tool_history(copy.view().substr(0, body.size()), kSlack), history);
  return history;
}

TEST(AnthropicRequestTools, FindsWhatTheClientRuns) {
  EXPECT_THAT(tools_in(R"({"model":"m","tools":[
        {"name":"f","description":"does \u0066","input_schema":{"type" : "object"},"cache_control":{}},
        {"type":"custom","n\u0061me":"g","input_schema":{}}, {"type":null,"name":"h"},
        {"type":"bash_20250124","name":"bash"}, {"type":"text_editor_20250728","name":"str_replace_based_edit_tool"},
        {"type":"computer_20250124","name":"computer","display_width_px":1}, {"type":"memory_20250818","name":"memory"},
        {"type":"web_search_20250305","name":"web_search"}, {"type":"web_fetch_20250910","name":"web_fetch"},
        {"type":"code_execution_20250825","name":"code_execution"},
        {"type":"tool_search_tool_bm25","name":"tool_search_tool_bm25"},
        {"type":"advisor_20260301","name":"advisor"}, {"type":"mcp_toolset","mcp_server_name":"s"},
        {"type":"computer_toolset_20260801"}]})"),
              ElementsAre(DeclaredTool{"f", "does f", R"({"type" : "object"})"}, DeclaredTool{"g", "", "{}"},
                          DeclaredTool{"h", "", ""}, DeclaredTool{"bash", "", ""},
                          DeclaredTool{"str_replace_based_edit_tool", "", ""},
                          DeclaredTool{"computer", "", ""}, DeclaredTool{"memory", "", ""}));
}

TEST(AnthropicRequestTools, LeavesOutToolsThatMakeNoSense) {
  EXPECT_THAT(tools_in(R"({"tools":[1,null,[],{},{"name":1},{"name":""},{"name":"f","name":"g"},
                          {"name":"h","input_schema":[],"description":1}]})"),
              ElementsAre(DeclaredTool{"h", "", ""}));
  for (const std::string_view body :
       {"", "{", "[]", "{}", R"({"tools":{"name":"f"}})", R"({"tools":[{"name":"f"}],"tools":[]})",
        R"({"x":{"tools":[{"name":"f"}]}})"})
    EXPECT_THAT(tools_in(body), IsEmpty()) << body;
}

std::string with_blocks(std::string_view blocks) {
  return R"({"messages": [{"role":"user","content":"hi"},{"role":"assistant","content":[
    {"type":"text","text":"a"},{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"g"},
    {"type":"server_tool_use","id":"3","name":"s"}]},{"role":"user","content":[)" +
         std::string(blocks) + "]}]}";
}

TEST(AnthropicRequestTools, FindsResultsAndTheirTools) {
  struct Case {
    std::string_view block;
    Texts tools;
    Texts contents;
    bool has_opaque = false;
    std::string_view place = "";  // what lies there; "" for nothing
  };
  const Case kCases[] = {
      {R"({"type":"tool_result","tool_use_id":"1","content":"a \u0061\n"})",
       {"f"},
       {"a a\n"},
       false,
       R"("a \u0061\n")"},
      {R"({"content":"x","tool_use_id":"2","is_error":true,"type":"tool_result"})",
       {"g"},
       {"x"},
       false,
       R"("x")"},
      {R"({"type":"tool_r\u0065sult","tool_use_id":"\u0031","content":""})", {"f"}, {""}, false, R"("")"},
      {R"({"type":"tool_result","tool_use_id":"1","content":[ {"type":"text","text":"a"},{"type":"text","text":"{\"b\":1}"} ] })",
       {"f"},
       {"a", R"({"b":1})"},
       false,
       R"([ {"type":"text","text":"a"},{"type":"text","text":"{\"b\":1}"} ])"},
      {R"({"type":"tool_result","tool_use_id":"1"})", {"f"}, {}},
      {R"({"type":"tool_result","tool_use_id":"1","content":null})", {"f"}, {}},
      {R"({"type":"tool_result","tool_use_id":"1","content":[]})", {"f"}, {}, false, "[]"},
      {R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"image","source":{"type":"base64","data":"aGk="}}]})",
       {"f"},
       {},
       true,
       R"([{"type":"image","source":{"type":"base64","data":"aGk="}}])"},
      {R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"tool_reference","tool_name":"x"}]})",
       {"f"},
       {},
       true,
       R"([{"type":"tool_reference","tool_name":"x"}])"},
      // Texts within what is no text by itself
      {R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"search_result","source":"u","title":"t","content":[{"type":"text","text":"a"}]}]})",
       {"f"},
       {"a"},
       true,
       R"([{"type":"search_result","source":"u","title":"t","content":[{"type":"text","text":"a"}]}])"},
      {R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a"}}]})",
       {"f"},
       {"a"},
       true,
       R"([{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a"}}])"},
      {R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"}]}}]})",
       {"f"},
       {"a"},
       true,
       R"([{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"}]}}])"},
      // Of calls that are not there, or not the client's
      {R"({"type":"tool_result","tool_use_id":"9","content":"x"})", {}, {"x"}, false, R"("x")"},
      {R"({"type":"tool_result","tool_use_id":"3","content":"x"})", {}, {"x"}, false, R"("x")"},
      // Of an id that stands for more than one
      {R"({"type":"tool_use","id":"1","name":"h"},{"type":"tool_use","id":"1","name":"f"},{"type":"tool_result","tool_use_id":"1"})",
       {"f", "h"},
       {}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.block);
    const std::string body = with_blocks(c.block);
    const ToolHistory history = history_in(body);
    EXPECT_TRUE(history.is_readable);
    EXPECT_TRUE(history.is_complete);
    ASSERT_EQ(history.results.size(), 1U);
    const ToolResult& result = history.results[0];
    EXPECT_EQ(result.tools, c.tools);
    EXPECT_EQ(result.contents, c.contents);
    EXPECT_EQ(result.has_opaque, c.has_opaque);
    ASSERT_EQ(result.places.size(), c.place.empty() ? 0U : 1U);
    if (c.place.empty()) continue;
    const ResultPlace& place = result.places[0];
    EXPECT_EQ(place, (ResultPlace{.offset = place.offset, .size = c.place.size()}));
    EXPECT_EQ(body.substr(place.offset, place.size), c.place);
  }
}

TEST(AnthropicRequestTools, KeepsTheOrderOfResults) {
  const ToolHistory history = history_in(with_blocks(
      R"({"type":"tool_result","tool_use_id":"2","content":"y"},{"type":"text","text":"t"},{"type":"tool_result","tool_use_id":"1","content":"x"})"));
  ASSERT_EQ(history.results.size(), 2U);
  EXPECT_EQ(history.results[0].tools, Texts{"g"});
  EXPECT_EQ(history.results[1].tools, Texts{"f"});
  EXPECT_LT(history.results[0].places[0].offset, history.results[1].places[0].offset);
}

TEST(AnthropicRequestTools, FindsNoResultsInWhatTheProviderRan) {
  for (
      const std::string_view block :
      {R"({"type":"web_search_tool_result","tool_use_id":"3","content":[{"type":"web_search_result"}]})",
       R"({"type":"mcp_tool_result","tool_use_id":"3","content":"x"})",
       R"({"type":"text","text":"tool_result"})",
       R"({"type":"code_execution_tool_result","tool_use_id":"3","content":{"type":"code_execution_result"}})"}) {
    const ToolHistory history = history_in(with_blocks(block));
    EXPECT_TRUE(history.is_readable) << block;
    EXPECT_THAT(history.results, IsEmpty()) << block;
  }
  for (const std::string_view body : {"{}", R"({"messages":[]})", R"({"messages":null})",
                                      R"({"messages":[{"content":null}],"container":"c"})"})
    EXPECT_EQ(history_in(body), ToolHistory{}) << body;
}

TEST(AnthropicRequestTools, SaysWhereAHistoryCannotBeRead) {
  std::vector<std::string> bodies{
      "", "{", "[]", "null", R"({"messages":[]} x)", "{\"messages\":[{\"content\":\"\xff\"}]}"};
  for (const std::string_view messages : {R"({})", R"("x")", R"([1])", R"([[]])", R"([{"content":1}])",
                                          R"([{"content":{"type":"tool_result"}}])"})
    bodies.push_back(R"({"messages":)" + std::string(messages) + "}");
  bodies.emplace_back(R"({"messages":[],"mess\u0061ges":[]})");
  bodies.emplace_back(
      R"({"messages":[{"content":[],"content":[{"type":"tool_result","tool_use_id":"1"}]}]})");
  for (const std::string_view block :
       {R"(1)", R"({})", R"({"type":1})", R"({"type":"text","type":"tool_result","tool_use_id":"1"})",
        R"({"type":"tool_result"})", R"({"type":"tool_result","tool_use_id":1})",
        R"({"type":"tool_result","tool_use_id":"1","tool_use_id":"2"})",
        R"({"type":"tool_result","tool_use_id":"1","content":"a","content":"b"})",
        R"({"type":"tool_result","tool_use_id":"1","content":{}})",
        R"({"type":"tool_result","tool_use_id":"1","content":["a"]})",
        R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"text"}]})",
        R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"a","text":"b"}]})",
        R"({"type":"tool_use","id":"1"})", R"({"type":"tool_use","name":"f"})",
        R"({"type":"tool_use","id":"1","name":"f","name":"g"})"})
    bodies.push_back(with_blocks(block));
  for (const std::string& body : bodies) {
    SCOPED_TRACE(body);
    const ToolHistory history = history_in(body);
    EXPECT_FALSE(history.is_readable);
    EXPECT_THAT(history.results, IsEmpty());
  }
}

}  // namespace
}  // namespace archestra::providers::anthropic
