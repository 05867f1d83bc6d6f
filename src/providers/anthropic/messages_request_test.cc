#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/test_splits.h"
#include "providers/anthropic/messages.h"

namespace archestra::providers::anthropic {
namespace {

constexpr std::size_t kSlack = 64;

// What a body says, the same with and without readable bytes behind it, whatever they are.
RequestFacts inspect(std::string_view body) {
  const http::ExactCopy exact(body);
  const RequestFacts facts = inspect_messages_request(exact.view(), 0);
  for (const char behind : {' ', '}', ']', '"', ',', '0', '\0'}) {
    const http::ExactCopy copy(std::string(body) + std::string(kSlack, behind));
    EXPECT_TRUE(inspect_messages_request(copy.view().substr(0, body.size()), kSlack) == facts)
        << body << " followed by " << behind;
  }
  return facts;
}

TEST(MessagesRequest, TellsNothingOfABodyThatIsNotThere) {
  EXPECT_TRUE(inspect_messages_request({}, kSlack) == RequestFacts{});
  EXPECT_TRUE(inspect_messages_request({}, 0) == RequestFacts{});
}

TEST(MessagesRequest, TellsModelAndStream) {
  struct Case {
    std::string_view body;
    std::string_view model;
    bool stream = false;
  };
  constexpr Case kCases[] = {
      {R"({"model":"claude-x"})", "claude-x"},
      {R"({"model":"claude-x","max_tokens":1,"stream":true})", "claude-x", true},
      {R"({"stream":true,"model":"claude-x"})", "claude-x", true},
      {R"({"model":"claude-x","stream":false})", "claude-x"},
      {R"({"model":"claude-x","stream":null})", "claude-x"},
      {R"({"model":"claude-x","stream":"true"})", "claude-x"},
      {" \r\n\t{ \"model\" \n:\t\"claude-x\" , \"stream\" : true }\r\n", "claude-x", true},
      {R"({"model":"a\"b\u00e9"})", "a\"b\u00e9"},
      {R"({"model":4,"stream":true})", "", true},
      {R"({"model":null})", ""},
      {R"({})", ""},
      {R"({"model":"a","stream":true,"model":"b","stream":false})", "b"},
      {R"({"model":"a","metadata":{"model":"b","stream":true},"messages":[{"model":"c"}]})", "a"},
  };
  for (const Case& c : kCases) {
    const RequestFacts facts = inspect(c.body);
    EXPECT_EQ(facts.model, c.model) << c.body;
    EXPECT_EQ(facts.stream, c.stream) << c.body;
    EXPECT_EQ(facts.tool_results, 0u) << c.body;
  }
}

TEST(MessagesRequest, CountsToolResultsInTheHistory) {
  struct Case {
    std::string_view messages;
    std::uint32_t results;
  };
  constexpr Case kCases[] = {
      {R"([])", 0},
      {R"([{"role":"user","content":"tool_result"}])", 0},
      {R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"4"}]}])", 1},
      {R"([{"content":[{"tool_use_id":"toolu_1","content":[{"type":"text","text":"a"}],"type":"tool_result"}],)"
       R"("role":"user"}])",
       1},
      {R"([{"role":"user","content":[{"type":"tool_result"},{"type":"text"},{"type":"tool_result"}]},)"
       R"({"role":"assistant","content":[{"type":"tool_use","id":"toolu_2"}]},)"
       R"({"role":"user","content":[{"type":"tool_result"}]}])",
       3},
      // What the provider ran itself is no result of the client's.
      {R"([{"role":"assistant","content":[{"type":"server_tool_use"},{"type":"web_search_tool_result"},)"
       R"({"type":"mcp_tool_use"},{"type":"mcp_tool_result"}]}])",
       0},
      // Neither is what only looks like one.
      {R"([{"role":"user","content":[{"type":"tool_use","input":{"type":"tool_result"}}]}])", 0},
      {R"([{"role":"user","content":[{"type":"tool_result","content":[{"type":"tool_result"}]}]}])", 1},
      {R"([{"role":"user","content":{"type":"tool_result"}}])", 0},
      {R"([{"role":"user","content":[["tool_result"],"tool_result",null,7,{}]}])", 0},
      {R"([{"type":"tool_result"},"tool_result",null,7,[],{}])", 0},
      {R"({"content":[{"type":"tool_result"}]})", 0},
      {R"("tool_result")", 0},
      {R"(null)", 0},
  };
  for (const Case& c : kCases) {
    const RequestFacts facts = inspect(R"({"system":[{"type":"tool_result"}],"messages":)" +
                                       std::string(c.messages) + R"(,"model":"behind"})");
    EXPECT_EQ(facts.tool_results, c.results) << c.messages;
    EXPECT_EQ(facts.model, "behind") << c.messages;
  }
  // Of repeated members the last counts.
  EXPECT_EQ(inspect(R"({"messages":[{"content":[{"type":"tool_result"}]}],"messages":[]})").tool_results, 0u);
}

TEST(MessagesRequest, TellsWhatIsAskedForBesideTheContent) {
  struct Case {
    std::string_view body;
    call::RequestParameters parameters;
  };
  const Case cases[] = {
      {R"({"max_tokens":1024,"temperature":0.5,"top_p":1,"top_k":40,"stop_sequences":["a","b"],"messages":[]})",
       {.numbers = {.max_tokens = 1024, .temperature = 0.5, .top_p = 1, .top_k = 40},
        .stop_sequences = {"a", "b"}}},
      {R"({"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}}})",
       {.output_type = call::OutputType::kJson}},
      {R"({"output_format":{"schema":{"type":"object"},"type":"json_schema"}})",
       {.output_type = call::OutputType::kJson}},
      // The service tier of Anthropic's is no name of OpenAI's.
      {R"({"service_tier":"auto","output_config":{"effort":"low"},"seed":1,"max_tokens":null})", {}},
      {R"({"max_tokens":1024,"messages":[}])", {}},
  };
  for (const Case& c : cases) EXPECT_TRUE(inspect(c.body).parameters == c.parameters) << c.body;
}

TEST(MessagesRequest, WhatIsNoJsonSaysNothing) {
  for (const std::string_view body :
       {std::string_view(""), std::string_view("null"), std::string_view("[]"), std::string_view("hello"),
        std::string_view(R"({"model":"a","stream":true)"), std::string_view(R"({"model":"a"}})"),
        std::string_view(R"({"model":"a"} {})"), std::string_view(R"({"model":"a",})"),
        std::string_view(R"({"model":"a","messages":[{"content":[{"type":"tool_result"}})"),
        std::string_view(R"({"model":"a","messages":[{"content":[{"type":"tool_result"]}]})"),
        std::string_view(R"({"model":"a","messages":[{"content":[{"type"}]}]})"),
        std::string_view(R"({"model":"a","messages":[{"content":[{"type":"tool_result"},]}]})"),
        std::string_view("{\"model\":\"a\",\"x\":\"\xFF\"}"),
        std::string_view("\xEF\xBB\xBF{\"model\":\"a\"}")})
    EXPECT_TRUE(inspect(body) == RequestFacts{}) << body;
}

TEST(MessagesRequest, ABodyCutOffAnywhereSaysNothing) {
  constexpr std::string_view kBody =
      R"({"model":"claude-x","stream":true,"messages":[{"role":"user","content":[{"type":"tool_result",)"
      R"("content":"4"}]},{"role":"user","content":"\u00e9"}],"max_tokens":12})";
  ASSERT_EQ(inspect(kBody).tool_results, 1u);
  for (std::size_t size = 0; size < kBody.size(); ++size)
    EXPECT_TRUE(inspect(kBody.substr(0, size)) == RequestFacts{}) << size;
}

TEST(MessagesRequest, HashesTheTextThatDeclaresTools) {
  const auto hash = [](std::string_view body) { return inspect(body).tools_hash; };
  const std::uint64_t one = hash(R"({"tools":[{"name":"f","a":[1,{"b":"]"}]}],"model":"m"})");
  EXPECT_NE(one, 0U);
  EXPECT_EQ(hash(R"({"model":"x","tools":[{"name":"f","a":[1,{"b":"]"}]}]})"), one);
  EXPECT_NE(hash(R"({"tools":[{"name":"g","a":[1,{"b":"]"}]}],"model":"m"})"), one);
  EXPECT_NE(hash(R"({"tools":[],"model":"m"})"), one);
  EXPECT_NE(hash(R"({"tools":{"name":"f"}})"), 0U);
  for (const std::string_view body :
       {"{}", R"({"tools":null})", R"({"tools":"x","model":"m"})", R"({"x":{"tools":[1]}})", "",
        R"({"tools":[1})", R"({"tools":[1]} x)", R"({"tools":[1],"a":})", R"({"tools":)"})
    EXPECT_EQ(hash(body), 0U) << body;
  // What stands behind it is read.
  const RequestFacts facts = inspect(R"({"tools":[{"name":"f"}],"model":"m","stream":true})");
  EXPECT_EQ(facts.model, "m");
  EXPECT_TRUE(facts.stream);
}

}  // namespace
}  // namespace archestra::providers::anthropic
