#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/gemini/tools.h"

namespace archestra::providers::gemini {
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

// The body with `[blocked]` in the place of a result.
std::string replaced(std::string body, const ToolResult& result) {
  for (auto place = result.places.rbegin(); place != result.places.rend(); ++place)
    body.replace(
        place->offset, place->size,
        std::string(place->before) + (place->takes_text ? R"("[blocked]")" : "") + std::string(place->after));
  return body;
}

TEST(GeminiRequestTools, FindsDeclaredFunctions) {
  EXPECT_THAT(tools_in(R"({"tools":[{"googleSearch":{}},{"functionDeclarations":[
          {"name":"f","description":"does \u0066","parameters":{"type" : "OBJECT"}},
          {"n\u0061me":"g","parametersJsonSchema":{"type":"object"}}]},
        {"codeExecution":{},"function_declarations":[{"name":"h","parameters_json_schema":{}},{"name":"i"}]}]})"),
              ElementsAre(DeclaredTool{"f", "does f", R"({"type" : "OBJECT"})"},
                          DeclaredTool{"g", "", R"({"type":"object"})"}, DeclaredTool{"h", "", "{}"},
                          DeclaredTool{"i", "", ""}));
  // Lists of one may stand without their brackets.
  EXPECT_THAT(tools_in(R"({"tools":{"functionDeclarations":{"name":"f"}}})"),
              ElementsAre(DeclaredTool{"f", "", ""}));
}

TEST(GeminiRequestTools, LeavesOutToolsThatMakeNoSense) {
  EXPECT_THAT(
      tools_in(
          R"({"tools":[1,null,[],{},{"functionDeclarations":"x"},{"functionDeclarations":[{}],"function_declarations":[{"name":"a"}]},
                          {"functionDeclarations":[1,{},{"name":1},{"name":""},{"name":"f","name":"g"},{"name":"h","parameters":[]}]}]})"),
      ElementsAre(DeclaredTool{"h", "", ""}));
  for (const std::string_view body :
       {"", "{", "[]", "{}", R"({"tools":"x"})", R"({"functionDeclarations":[{"name":"f"}]})"})
    EXPECT_THAT(tools_in(body), IsEmpty()) << body;
}

std::string with_parts(std::string_view parts) {
  return R"({"contents": [{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"user","parts":[)" +
         std::string(parts) + "]}]}";
}

TEST(GeminiRequestTools, FindsResults) {
  struct Case {
    std::string_view part;
    std::string_view tool;
    Texts contents;
    bool has_opaque;
    std::string_view replaced;
  };
  const Case kCases[] = {
      {R"({"functionResponse":{"name":"f","response": {"a" : [1]} ,"id":"1"}})",
       "f",
       {R"({"a" : [1]})"},
       false,
       R"({"functionResponse":{"name":"f","response": {"result":"[blocked]"} ,"id":"1"}})"},
      {R"({"function_response":{"response":{},"n\u0061me":"\u0066"}})",
       "f",
       {"{}"},
       false,
       R"({"function_response":{"response":{"result":"[blocked]"},"n\u0061me":"\u0066"}})"},
      {R"({"functionResponse":{"name":"f"}})", "f", {}, false, R"({"functionResponse":{"name":"f"}})"},
      {R"({"functionResponse":{"name":"","response":null}})",
       "",
       {},
       false,
       R"({"functionResponse":{"name":"","response":null}})"},
      {R"({"functionResponse":{"name":"f","response":{"a":1},"parts":[{"inlineData":{"data":"aGk="}}]}})",
       "f",
       {R"({"a":1})"},
       true,
       R"({"functionResponse":{"name":"f","response":{"result":"[blocked]"},"parts":[]}})"},
      {R"({"functionResponse":{"parts":[{"fileData":{"fileUri":"u"}}],"name":"f","response":{"a":1}}})",
       "f",
       {R"({"a":1})"},
       true,
       R"({"functionResponse":{"parts":[],"name":"f","response":{"result":"[blocked]"}}})"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.part);
    const std::string body = with_parts(c.part);
    const ToolHistory history = history_in(body);
    EXPECT_TRUE(history.is_readable);
    EXPECT_TRUE(history.is_complete);
    ASSERT_EQ(history.results.size(), 1U);
    EXPECT_EQ(history.results[0].tools, Texts{std::string(c.tool)});
    EXPECT_EQ(history.results[0].contents, c.contents);
    EXPECT_EQ(history.results[0].has_opaque, c.has_opaque);
    EXPECT_EQ(replaced(body, history.results[0]), with_parts(c.replaced));
  }
}

TEST(GeminiRequestTools, FindsThemAlsoWithoutTheBracketsOfAList) {
  EXPECT_EQ(history_in(R"({"contents":{"parts":{"functionResponse":{"name":"f"}}}})").results.size(), 1U);
  const ToolHistory two = history_in(
      with_parts(R"({"functionResponse":{"name":"f"}},{"text":"x"},{"functionResponse":{"name":"g"}})"));
  ASSERT_EQ(two.results.size(), 2U);
  EXPECT_EQ(two.results[0].tools, Texts{"f"});
  EXPECT_EQ(two.results[1].tools, Texts{"g"});
}

TEST(GeminiRequestTools, FindsNoResultsInWhatTheProviderRan) {
  for (const std::string_view part :
       {R"({"text":"functionResponse"})", R"({"codeExecutionResult":{"output":"x"}})",
        R"({"toolResponse":{"toolType":"x","response":{}}})", R"({"functionResponse":null})"})
    EXPECT_EQ(history_in(with_parts(part)), ToolHistory{}) << part;
  for (const std::string_view body :
       {"{}", R"({"contents":[]})", R"({"contents":null})", R"({"contents":[{"role":"user"}]})"})
    EXPECT_EQ(history_in(body), ToolHistory{}) << body;
}

TEST(GeminiRequestTools, SaysWhereSomeOfTheHistoryIsElsewhere) {
  EXPECT_FALSE(history_in(R"({"contents":[],"cachedContent":"cachedContents/x"})").is_complete);
  EXPECT_FALSE(history_in(R"({"cached_content":"cachedContents/x"})").is_complete);
  EXPECT_FALSE(history_in(R"({"c\u0061chedContent":1})").is_complete);
  EXPECT_TRUE(history_in(R"({"cachedContent":null})").is_complete);
  EXPECT_TRUE(history_in(R"({"cachedContent":""})").is_complete);
}

TEST(GeminiRequestTools, SaysWhereAHistoryCannotBeRead) {
  std::vector<std::string> bodies{"",
                                  "{",
                                  "[]",
                                  "null",
                                  R"({"contents":[]} x)",
                                  R"({'contents':[]})",
                                  R"({"contents":"x"})",
                                  R"({"contents":["x"]})",
                                  R"({"contents":[[]]})",
                                  R"({"contents":[{"parts":"x"}]})",
                                  R"({"contents":[],"contents":[]})",
                                  R"({"contents":[{"parts":[],"p\u0061rts":[]}]})",
                                  R"({"cachedContent":null,"cached_content":"x"})"};
  for (const std::string_view part :
       {R"(1)", R"([])", R"({"functionResponse":"x"})", R"({"functionResponse":[]})",
        R"({"functionResponse":{}})", R"({"functionResponse":{"name":1}})",
        R"({"functionResponse":{"name":"f","name":"g"}})",
        R"({"functionResponse":{"name":"f"},"function_response":{"name":"g"}})",
        R"({"functionResponse":{"name":"f","response":{},"response":{}}})"})
    bodies.push_back(with_parts(part));
  for (const std::string& body : bodies) {
    SCOPED_TRACE(body);
    const ToolHistory history = history_in(body);
    EXPECT_FALSE(history.is_readable);
    EXPECT_THAT(history.results, IsEmpty());
  }
}

}  // namespace
}  // namespace archestra::providers::gemini
