#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/test_splits.h"
#include "providers/openai/request.h"
#include "providers/openai/test_usage_option.h"

namespace archestra::providers::openai {
namespace {

constexpr std::size_t kSlack = 64;

// What a body says, the same with and without readable bytes behind it, whatever they are.
RequestFacts inspect(std::string_view body, UsageOption usage = UsageOption::kAskFor) {
  const http::ExactCopy exact(body);
  const RequestFacts facts = inspect_request(exact.view(), 0, usage);
  for (const std::string_view behind :
       {std::string_view(" "), std::string_view("}"), std::string_view("\""), std::string_view("0"),
        std::string_view(","), std::string_view("]"), std::string_view("\0", 1), std::string_view("e}"),
        std::string_view("\"}")}) {
    std::string with_slack(body);
    while (with_slack.size() < body.size() + kSlack) with_slack += behind;
    with_slack.resize(body.size() + kSlack);
    const http::ExactCopy copy(with_slack);
    EXPECT_TRUE(inspect_request(copy.view().substr(0, body.size()), kSlack, usage) == facts)
        << body << " followed by " << behind;
  }
  return facts;
}

// A request without a body has none in any buffer either.
TEST(Request, TellsNothingOfABodyThatIsNotThere) {
  EXPECT_TRUE(inspect_request({}, kSlack, UsageOption::kAskFor) == RequestFacts{});
  EXPECT_TRUE(inspect_request({}, 0, UsageOption::kAskFor) == RequestFacts{});
}

// Whoever has read these tools knows them again.
TEST(Request, HashesTheToolsItDeclares) {
  const auto hash = [](std::string_view body) { return inspect(body).tools_hash; };
  for (const std::string_view body :
       {"{}", R"({"tools":null})", R"({"tools":"x"})", R"({"messages":[{"tools":[1]}]})", R"({"tools":[1])"})
    EXPECT_EQ(hash(body), 0u) << body;
  const std::uint64_t one = hash(R"({"tools":[{"name":"f"}],"model":"m"})");
  EXPECT_NE(one, 0u);
  EXPECT_EQ(hash(R"({"model":"n","tools":[{"name":"f"}]})"), one);
  EXPECT_NE(hash(R"({"tools":[{"name":"g"}]})"), one);
  EXPECT_NE(hash(R"({"tools":[{"name":"f"}],"functions":[{"name":"g"}]})"), one);
  EXPECT_NE(hash(R"({"functions":[{"name":"f"}]})"), 0u);
}

TEST(Request, TellsModelAndStream) {
  struct Case {
    std::string_view body;
    std::string_view model;
    bool stream = false;
  };
  constexpr Case kCases[] = {
      {R"({"model":"gpt-4o"})", "gpt-4o"},
      {R"({"model":"gpt-4o","stream":true})", "gpt-4o", true},
      {R"({"stream":true,"model":"gpt-4o"})", "gpt-4o", true},
      {R"({"model":"gpt-4o","stream":false})", "gpt-4o"},
      {R"({"model":"gpt-4o","stream":null})", "gpt-4o"},
      {R"({"model":"gpt-4o","stream":"true"})", "gpt-4o"},
      {R"({"model":"gpt-4o","stream":1})", "gpt-4o"},
      {" \r\n\t{ \"model\" \n:\t\"gpt-4o\" , \"stream\" : true }\r\n", "gpt-4o", true},
      {R"({})", ""},
      {R"({"stream":true})", "", true},
      {R"({"model":"","stream":true})", "", true},
      {R"({"model":null,"stream":true})", "", true},
      {R"({"model":4,"stream":true})", "", true},
      {R"({"model":["gpt-4o"],"stream":true})", "", true},
      {R"({"model":{"name":"gpt-4o"},"stream":true})", "", true},
      // Values with escapes and beyond ASCII.
      {R"({"model":"a\"b\\c\u00e9\ud83d\ude00\/"})", "a\"b\\c\u00e9\U0001F600/"},
      {"{\"model\":\"mod\u00e8le\",\"stream\":true}", "mod\u00e8le", true},
      // Of repeated members the last counts.
      {R"({"model":"a","stream":true,"model":"b","stream":false})", "b"},
      {R"({"model":"a","stream":false,"model":"b","stream":true})", "b", true},
      // Members of other values are not the request's.
      {R"({"model":"a","metadata":{"model":"b","stream":true},"messages":[{"model":"c","stream":true}]})",
       "a"},
      {R"({"messages":[{"content":"\"model\":\"b\",\"stream\":true"}],"model":"a"})", "a"},
      {R"({"models":"b","mode":"c","xmodel":"d","model ":"e","Model":"f","stream_":true})", ""},
      {R"({"model":"a","messages":[[[[[{"a":[{}]}]]]]],"stream":true})", "a", true},
  };
  for (const Case& c : kCases) {
    const RequestFacts facts = inspect(c.body);
    EXPECT_EQ(facts.model, c.model) << c.body;
    EXPECT_EQ(facts.stream, c.stream) << c.body;
    EXPECT_EQ(facts.usage_option.empty(), !c.stream) << c.body;
  }
}

TEST(Request, SaysNothingOfWhatIsNoJsonObject) {
  for (const std::string_view body : {
           std::string_view(""),
           std::string_view(" "),
           std::string_view("\0", 1),
           std::string_view("null"),
           std::string_view("true"),
           std::string_view("\"model\""),
           std::string_view("7"),
           std::string_view("[]"),
           std::string_view(R"([{"model":"a","stream":true}])"),
           std::string_view("model=a&stream=true"),
           std::string_view("{"),
           std::string_view("}"),
           std::string_view(R"({"model":"a","stream":true)"),
           std::string_view(R"({"model":"a","stream":true,)"),
           std::string_view(R"({"model":"a","stream":tru)"),
           std::string_view(R"({"model":"a","stream":true,"x":"}))"),
           std::string_view(R"({"model":"a","stream":true,"x":{})"),
           std::string_view(R"({"model":"a","stream":true,"x":{"y":[{}]})"),
           std::string_view(R"({"model":"a","stream":true}})"),
           std::string_view(R"({"model":"a","stream":true}x)"),
           std::string_view(R"({"model":"a","stream":true} {})"),
           std::string_view(R"({"model":"a","stream":true},)"),
           std::string_view(R"({"model":"a","stream":true,})"),
           std::string_view(R"({,"model":"a","stream":true})"),
           std::string_view(R"({"model":"a" "stream":true})"),
           std::string_view(R"({"model" "a","stream":true})"),
           std::string_view(R"({model:"a","stream":true})"),
           std::string_view(R"({"stream":true,"stream_options"})"),
           std::string_view("\xEF\xBB\xBF{\"model\":\"a\",\"stream\":true}"),
           std::string_view("{\"model\":\"a\",\"stream\":true,\"x\":\"\xFF\"}"),
           std::string_view("{\"model\":\"a\",\"stream\":true,\"x\":\"\n\"}"),
       }) {
    const RequestFacts facts = inspect(body);
    EXPECT_EQ(facts.model, "") << body;
    EXPECT_FALSE(facts.stream) << body;
    EXPECT_TRUE(facts.usage_option.empty()) << body;
  }
}

TEST(Request, ABodyCutOffAnywhereIsNeverEdited) {
  constexpr std::string_view kBody =
      R"({"model":"gpt-4o","stream_options":{"include_usage":false,"x":[1,{"y":null}]},"stream":true,"n":12})";
  ASSERT_FALSE(inspect(kBody).usage_option.empty());
  for (std::size_t size = 0; size < kBody.size(); ++size) {
    const RequestFacts facts = inspect(kBody.substr(0, size));
    EXPECT_TRUE(facts.usage_option.empty()) << size;
    EXPECT_FALSE(facts.stream) << size;
  }
}

struct EditCase {
  std::string_view body;
  std::string_view edited = {};  // "" where nothing is changed
};

void expect_edits(std::span<const EditCase> cases) {
  for (const EditCase& c : cases) {
    const BodyEdit edit = inspect(c.body).usage_option;
    EXPECT_TRUE(inspect(c.body, UsageOption::kLeaveAlone).usage_option.empty()) << c.body;
    if (c.edited.empty()) {
      EXPECT_TRUE(edit.empty()) << c.body << "\n" << edited(c.body, edit);
      continue;
    }
    const std::string text = edited(c.body, edit);
    EXPECT_EQ(text, c.edited);
    // The same request, and one that asks for usage.
    const auto before = read_plainly(c.body);
    const auto after = read_plainly(text);
    ASSERT_TRUE(before && after) << text;
    EXPECT_EQ(after->rest, before->rest) << text;
    EXPECT_TRUE(after->asks_for_usage) << text;
    EXPECT_FALSE(before->asks_for_usage) << text;
    EXPECT_TRUE(inspect(text).usage_option.empty()) << "asked twice: " << text;
  }
}

TEST(Request, AsksForUsageWhereTheClientDidNot) {
  constexpr EditCase kCases[] = {
      // No stream_options.
      {R"({"stream":true})", R"({"stream_options":{"include_usage":true},"stream":true})"},
      {R"({"model":"a","stream":true,"messages":[]})",
       R"({"stream_options":{"include_usage":true},"model":"a","stream":true,"messages":[]})"},
      {"\r\n { \"stream\" : true } \n",
       "\r\n {\"stream_options\":{\"include_usage\":true}, \"stream\" : true } \n"},
      // null.
      {R"({"stream":true,"stream_options":null})",
       R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream_options":null,"stream":true})",
       R"({"stream_options":{"include_usage":true},"stream":true})"},
      {"{\"stream_options\" :\r\n null \t,\"stream\":true}",
       "{\"stream_options\" :\r\n {\"include_usage\":true} \t,\"stream\":true}"},
      // Empty.
      {R"({"stream":true,"stream_options":{}})",
       R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {"{\"stream_options\": { \r\n\t } ,\"stream\":true}",
       "{\"stream_options\": {\"include_usage\":true \r\n\t } ,\"stream\":true}"},
      // Other members, before and after.
      {R"({"stream":true,"stream_options":{"include_obfuscation":false}})",
       R"({"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}})"},
      {R"({"stream_options":{ "a":{"include_usage":true},"b":[{"include_usage":true}] },"stream":true})",
       R"({"stream_options":{"include_usage":true, "a":{"include_usage":true},"b":[{"include_usage":true}] },)"
       R"("stream":true})"},
      {R"({"stream_options":{"include_usages":true,"xinclude_usage":true},"stream":true})",
       R"({"stream_options":{"include_usage":true,"include_usages":true,"xinclude_usage":true},"stream":true})"},
      // Refused by the client.
      {R"({"stream":true,"stream_options":{"include_usage":false}})",
       R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"a":1,"include_usage":false,"b":"}"}})",
       R"({"stream":true,"stream_options":{"a":1,"include_usage":true,"b":"}"}})"},
      {"{\"stream_options\":{\"include_usage\"\n:\tfalse\r\n},\"stream\":true}",
       "{\"stream_options\":{\"include_usage\"\n:\ttrue\r\n},\"stream\":true}"},
      {R"({"stream":true,"stream_options":{"include_usage":null}})",
       R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":null ,"a":1}})",
       R"({"stream":true,"stream_options":{"include_usage":true ,"a":1}})"},
      // Before, between and after what must not be mistaken for it.
      {R"({"messages":[{"content":"\"stream_options\":{\"include_usage\":true}"}],"stream":true})",
       R"({"stream_options":{"include_usage":true},"messages":[{"content":)"
       R"("\"stream_options\":{\"include_usage\":true}"}],"stream":true})"},
      {R"({"metadata":{"stream_options":{"include_usage":true}},"stream":true})",
       R"({"stream_options":{"include_usage":true},"metadata":{"stream_options":{"include_usage":true}},)"
       R"("stream":true})"},
      {R"({"stream":true,"stream_options":{},"tools":[{"stream_options":{"include_usage":true}}]})",
       R"({"stream":true,"stream_options":{"include_usage":true},"tools":[{"stream_options":)"
       R"({"include_usage":true}}]})"},
      {R"({"include_usage":true,"stream":true})",
       R"({"stream_options":{"include_usage":true},"include_usage":true,"stream":true})"},
      {"{\"\u00e9{\":\"\\\"{\U0001F600\\\\\",\"stream_options\":{\"\u00e9\":\"\\u0000\"},\"stream\":true}",
       "{\"\u00e9{\":\"\\\"{\U0001F600\\\\\",\"stream_options\":{\"include_usage\":true,\"\u00e9\":"
       "\"\\u0000\"},"
       "\"stream\":true}"},
      // Of repeated members the last counts.
      {R"({"stream":true,"stream_options":{"include_usage":true},"stream_options":{}})",
       R"({"stream":true,"stream_options":{"include_usage":true},"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":true},"stream_options":null})",
       R"({"stream":true,"stream_options":{"include_usage":true},"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":true,"include_usage":false}})",
       R"({"stream":true,"stream_options":{"include_usage":true,"include_usage":true}})"},
      {R"({"stream":false,"stream":true})",
       R"({"stream_options":{"include_usage":true},"stream":false,"stream":true})"},
  };
  expect_edits(kCases);
}

TEST(Request, ChangesNothingWhereThereIsNothingToAskFor) {
  constexpr EditCase kCases[] = {
      // No stream.
      {R"({})"},
      {"{ \n }"},
      {R"({"model":"a"})"},
      {R"({"stream":false,"stream_options":null})"},
      {R"({"stream":false,"stream_options":{"include_usage":false}})"},
      {R"({"stream":true,"stream":false})"},
      {R"({"stream":"true"})"},
      // Asked for already.
      {R"({"stream":true,"stream_options":{"include_usage":true}})"},
      {"{\"stream_options\" : { \"include_usage\"\n: true\t} , \"stream\":true}"},
      {R"({"stream":true,"stream_options":{"a":false,"include_usage":true,"b":null}})"},
      {R"({"stream":true,"stream_options":{},"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":null,"stream_options":{"include_usage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":false,"include_usage":true}})"},
  };
  expect_edits(kCases);
}

// The provider refuses these in its own words.
TEST(Request, LeavesOptionsOfAWrongTypeAlone) {
  constexpr EditCase kCases[] = {
      {R"({"stream":true,"stream_options":[]})"},
      {R"({"stream":true,"stream_options":[{"include_usage":false}]})"},
      {R"({"stream":true,"stream_options":"include_usage"})"},
      {R"({"stream":true,"stream_options":false})"},
      {R"({"stream":true,"stream_options":true})"},
      {R"({"stream":true,"stream_options":0})"},
      {R"({"stream":true,"stream_options":{"include_usage":0}})"},
      {R"({"stream":true,"stream_options":{"include_usage":1}})"},
      {R"({"stream":true,"stream_options":{"include_usage":-1.5e3 }})"},
      {R"({"stream":true,"stream_options":{"include_usage":"true"}})"},
      {R"({"stream":true,"stream_options":{"include_usage":""}})"},
      {R"({"stream":true,"stream_options":{"include_usage":{}}})"},
      {R"({"stream":true,"stream_options":{"include_usage":{"a":false}}})"},
      {R"({"stream":true,"stream_options":{"include_usage":[false]}})"},
      // No JSON either, and an edit must not mend it.
      {R"({"stream":true,"stream_options":nul})"},
      {R"({"stream":true,"stream_options":nullx})"},
      {R"({"stream":true,"stream_options":{"include_usage":fals}})"},
      {R"({"stream":true,"stream_options":{"include_usage":falsey}})"},
      {R"({"stream":true,"stream_options":{"include_usage":nul}})"},
      {R"({"stream":true,"stream_options":{"include_usage":}})"},
      {R"({"stream":true,"stream_options":})"},
  };
  expect_edits(kCases);
}

// A key in escapes may be the option itself; a client that asked would lose its usage to a second one.
TEST(Request, LeavesOptionsBehindEscapedKeysAlone) {
  constexpr EditCase kCases[] = {
      {R"({"stream":true,"stream\u005foptions":{"include_usage":true}})"},
      {R"({"stream\u005foptions":null,"stream":true})"},
      {R"({"stream":true,"stream_options":{"include\u005fusage":true}})"},
      {R"({"stream":true,"stream_options":{"include_usage":false,"include\u005fusage":true}})"},
      {R"({"stream":true,"stream_options":{},"stream\u005foptions":{"include_usage":true}})"},
  };
  expect_edits(kCases);
  // In other places escapes are nobody's concern.
  constexpr EditCase kElsewhere[] = {
      {R"({"a":{"b\u005f":1},"stream":true,"stream_options":{"a":{"b\u005f":1}}})",
       R"({"a":{"b\u005f":1},"stream":true,"stream_options":{"include_usage":true,"a":{"b\u005f":1}}})"},
      {R"({"a":"\"b\\","stream":true,"stream_options":{"a":"\u005f"}})",
       R"({"a":"\"b\\","stream":true,"stream_options":{"include_usage":true,"a":"\u005f"}})"},
  };
  expect_edits(kElsewhere);
}

TEST(Request, CountsResultsOfToolCalls) {
  struct Case {
    std::string_view members;
    std::uint32_t results = 0;
  };
  constexpr Case kCases[] = {
      // A chat.
      {R"("messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1"},{"id":"c2"}]},)"
       R"({"role":"tool","tool_call_id":"c1","content":"1"},{"tool_call_id":"c2","content":[],"role":"tool"}])",
       2},
      {R"("messages":[{"role":"function","name":"f","content":"1"}])", 1},
      {R"("messages":[{"role":"user","content":"\"role\":\"tool\""},{"role":"tools"},{"Role":"tool"}])"},
      {R"("messages":[{"role":"user","content":[{"role":"tool"}],"x":{"role":"tool"}}])"},
      // Items of the responses operation.
      {R"("input":[{"role":"user","content":"a"},{"type":"reasoning"},{"type":"function_call","call_id":"c1"},)"
       R"({"type":"function_call_output","call_id":"c1","output":"1"}])",
       1},
      {R"("input":[{"type":"custom_tool_call_output"},{"type":"computer_call_output"},)"
       R"({"type":"local_shell_call_output"},{"type":"shell_call_output"},{"type":"apply_patch_call_output"}])",
       5},
      {R"("input":[{"type":"tool_search_output","execution":"server"},{"type":"tool_search_output"}])"},
      {R"("input":[{"execution":"client","type":"tool_search_output"}])", 1},
      {R"("input":[{"type":"web_search_call"},{"type":"mcp_call","output":"x"},{"type":"item_reference"}])"},
      // No history at all.
      {R"("messages":[])"},
      {R"("messages":null)"},
      {R"("messages":"tool")"},
      {R"("messages":{"role":"tool"})"},
      {R"("input":"function_call_output")"},
      {R"("input":["tool","function_call_output"])"},
      {R"("input":[[1,2],[3]])"},
      {R"("input":[1,2,3])"},
      {R"("metadata":{"messages":[{"role":"tool"}]})"},
      {R"("message":[{"role":"tool"}])"},
  };
  for (const Case& c : kCases) {
    const RequestFacts facts = inspect("{" + std::string(c.members) + R"(,"model":"behind","stream":true})");
    EXPECT_EQ(facts.tool_results, c.results) << c.members;
    EXPECT_EQ(facts.model, "behind") << c.members;
    EXPECT_EQ(facts.usage_option.offset, 1u) << c.members;
  }
  EXPECT_EQ(inspect(R"({"messages":[{"role":"tool"},{"role":"tool"})").tool_results, 0u) << "no JSON";
}

TEST(Request, TellsWhatIsAskedForBesideTheContent) {
  using call::OutputType;
  using call::RequestParameters;
  struct Case {
    std::string_view body;
    RequestParameters parameters;
  };
  const Case cases[] = {
      {R"({})", {}},
      {R"({"max_tokens":5,"temperature":0,"top_p":0.5,"top_k":3,"frequency_penalty":-1.5,"presence_penalty":1e-1,
           "seed":-9,"n":2,"stop":"END","service_tier":"flex","response_format":{"type":"text"}})",
       {.numbers = {.max_tokens = 5,
                    .temperature = 0,
                    .top_p = 0.5,
                    .top_k = 3,
                    .frequency_penalty = -1.5,
                    .presence_penalty = 0.1,
                    .seed = -9,
                    .choice_count = 2},
        .output_type = OutputType::kText,
        .stop_sequences = {"END"},
        .service_tier = "flex"}},
      {R"({"max_completion_tokens":7,"stop":["a","b\u00e9"],
           "response_format":{"json_schema":{"type":"text"},"type":"json_schema"}})",
       {.numbers = {.max_tokens = 7}, .output_type = OutputType::kJson, .stop_sequences = {"a", "b\u00e9"}}},
      {R"({"response_format":{"type":"json_object"},"modalities":["text","audio"]})",
       {.output_type = OutputType::kSpeech}},
      {R"({"modalities":["text"]})", {}},
      {R"({"max_output_tokens":9,"text":{"verbosity":"low","format":{"type":"json_schema","schema":{}}}})",
       {.numbers = {.max_tokens = 9}, .output_type = OutputType::kJson}},
      {R"({"input":"text","dimensions":256,"encoding_format":"base64"})",
       {.numbers = {.dimension_count = 256}, .encoding_format = "base64"}},
      // What is of another kind, or in another place, says nothing.
      {R"({"max_tokens":"5","temperature":"hot","top_p":null,"seed":1.5,"n":[1],"stop":null,"service_tier":4,
           "response_format":"json_object","text":"format","modalities":"text","dimensions":{"dimensions":1},
           "metadata":{"max_tokens":5},"encoding_format":["float"]})",
       {}},
      {R"({"max_tokens":99999999999999999999,"temperature":2})", {.numbers = {.temperature = 2}}},
      {R"({"stop":["a",5,null,["b"],"c"],"max_tokens":1})",
       {.numbers = {.max_tokens = 1}, .stop_sequences = {"a", "c"}}},
      // No JSON says nothing.
      {R"({"max_tokens":5,"stop":["a")", {}},
      {R"({"max_tokens":5}})", {}},
  };
  for (const Case& c : cases) EXPECT_TRUE(inspect(c.body).parameters == c.parameters) << c.body;
}

TEST(Request, KeepsNoMoreOfTextsThanIsShown) {
  std::string body = R"({"service_tier":")" + std::string(10'000, 't') + R"(","stop":["first")";
  for (int i = 0; i < 1000; ++i) body += ",\"" + std::string(10'000, 's') + "\"";
  body += R"(],"model":"m"})";
  const RequestFacts facts = inspect_request(body, 0, UsageOption::kAskFor);
  EXPECT_EQ(facts.model, "m");
  EXPECT_EQ(facts.parameters.service_tier.size(), call::kRequestTextBytesMax);
  ASSERT_EQ(facts.parameters.stop_sequences.size(), call::kStopSequencesMax);
  EXPECT_EQ(facts.parameters.stop_sequences.front(), "first");
  EXPECT_EQ(facts.parameters.stop_sequences.back().size(), call::kRequestTextBytesMax);
}

TEST(Request, DeepNestingIsNoObstacle) {
  for (const std::size_t depth : {100u, 1000u, 2000u, 100'000u}) {
    std::string body = R"({"model":"a","x":)";
    for (std::size_t i = 0; i < depth; ++i) body += i % 2 == 0 ? "[" : R"({"stream_options":)";
    body += "1";
    for (std::size_t i = depth; i-- > 0;) body += i % 2 == 0 ? "]" : "}";
    body += R"(,"stream":true})";
    const RequestFacts facts = inspect(body);
    EXPECT_EQ(facts.model, "a");
    EXPECT_TRUE(facts.stream);
    EXPECT_EQ(edited(body, facts.usage_option),
              R"({"stream_options":{"include_usage":true},)" + body.substr(1));
  }
}

TEST(Request, ReadsLargeBodies) {
  std::string body =
      R"({"messages":[{"role":"user","content":")" + std::string(3 << 20, 'x') + R"("}],"stream":true})";
  for (int round = 0; round < 2; ++round) {
    const RequestFacts facts = inspect_request(body, 0, UsageOption::kAskFor);
    EXPECT_TRUE(facts.stream);
    EXPECT_EQ(facts.usage_option.offset, 1u);
  }
  // And small ones after them.
  EXPECT_EQ(inspect(R"({"model":"a"})").model, "a");
}

}  // namespace
}  // namespace archestra::providers::openai
