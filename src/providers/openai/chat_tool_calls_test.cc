#include "providers/openai/chat_tool_calls.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "providers/openai/test_tool_calls.h"

namespace archestra::providers::openai {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr EventKind kHarmless = EventKind::kHarmless;
constexpr EventKind kToolCall = EventKind::kToolCall;
constexpr EventKind kUnread = EventKind::kUnread;

std::string event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

std::string chunk(std::string_view choices, std::string_view more = "") {
  return event(R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":17,"model":"m","choices":[)" +
               std::string(choices) + "]" + std::string(more) + "}");
}

std::string choice(std::string_view index, std::string_view delta, std::string_view finish_reason = "null") {
  std::string text = R"({"index":)";
  text.append(index).append(R"(,"delta":)").append(delta);
  return text.append(R"(,"logprobs":null,"finish_reason":)").append(finish_reason) + "}";
}

std::string delta(std::string_view members) { return chunk(choice("0", "{" + std::string(members) + "}")); }
std::string call(std::string_view fragment) {
  return delta(R"("tool_calls":[)" + std::string(fragment) + "]");
}

ToolCall unreadable(std::string_view name, std::string_view arguments = "") {
  return {.name = std::string(name), .arguments = std::string(arguments), .arguments_are_readable = false};
}

EventKind kind_of(const std::string& one) { return read_events(make_chat_tool_calls, {one}).kinds[0]; }

// --- Reading a stream -------------------------------------------------------------------------------------

TEST(ChatToolCalls, PutsFragmentsTogether) {
  struct Case {
    std::string_view what;
    Events events;
    std::vector<ToolCall> calls;
  };
  const Case kCases[] = {
      {"one call",
       {call(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})"),
        call(R"({"index":0,"function":{"arguments":"{\"x\""}})"),
        call(R"({"index":0,"function":{"arguments":":1}"}})")},
       {{"f", R"({"x":1})"}}},
      {"two that alternate",
       {call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}},)"
             R"({"index":1,"id":"b","function":{"name":"g","arguments":"["}})"),
        call(R"({"index":1,"function":{"arguments":"]"}})"),
        call(R"({"index":0,"function":{"arguments":"}"}})")},
       {{"f", "{}"}, {"g", "[]"}}},
      {"the same number in two choices",
       {chunk(choice("1", R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"1"}}]})")),
        chunk(choice("0", R"({"tool_calls":[{"index":0,"function":{"name":"g","arguments":"2"}}]})")),
        chunk(choice("1", R"({"tool_calls":[{"index":0,"function":{"arguments":"3"}}]})"))},
       {{"f", "13"}, {"g", "2"}}},
      {"several choices in a chunk",
       {chunk(choice("0", R"({"content":"a"})") + "," +
              choice("5", R"({"tool_calls":[{"index":3,"function":{"name":"f","arguments":"{}"}}]})"))},
       {{"f", "{}"}}},
      {"escaped keys",
       {delta(
           R"("tool\u005fcalls":[{"ind\u0065x":0,"functi\u006fn":{"nam\u0065":"\u0066","argument\u0073":"{}"}}])")},
       {{"f", "{}"}}},
      {"no numbers",
       {call(
            R"({"id":"a","function":{"name":"f","arguments":"1"}},{"id":"b","function":{"name":"g","arguments":"2"}})"),
        call(R"({"function":{"arguments":"3"}})")},
       {{"f", "13"}, {"g", "2"}}},
      {"no numbers, and another id each time",
       {call(R"({"id":"a","function":{"name":"f","arguments":"1"}})"),
        call(R"({"id":"b","function":{"name":"g","arguments":"2"}})")},
       {{"f", "1"}, {"g", "2"}}},
      {"a custom tool, whose input is a text",
       {call(R"({"index":0,"id":"a","type":"custom","custom":{"name":"sql","input":""}})"),
        call(R"({"index":0,"custom":{"input":"say \"a\n"}})"),
        call(R"({"index":0,"custom":{"input":"b\""}})")},
       {{"sql", R"("say \"a\nb\"")"}}},
      {"as before there were tools",
       {delta(R"("function_call":{"name":"f","arguments":""})"),
        delta(R"("function_call":{"arguments":"{}"})")},
       {{"f", "{}"}}},
      {"both at once",
       {delta(
           R"("function_call":{"name":"f","arguments":"1"},"tool_calls":[{"function":{"name":"g","arguments":"2"}}])")},
       {{"g", "2"}, {"f", "1"}}},
      {"arguments that are no text",
       {call(R"({"index":0,"function":{"name":"f","arguments":{"x": [1]}}})"),
        call(R"({"index":1,"function":{"name":"g","arguments":null}})"),
        call(R"({"index":2,"function":{"name":"h"}})"),
        call(R"({"index":3,"function":{"name":"i","arguments":[1]}})")},
       {{"f", R"({"x": [1]})"}, {"g", ""}, {"h", ""}, {"i", "[1]"}}},
      {"a message in a chunk",
       {chunk(
           R"({"index":0,"message":{"tool_calls":[{"function":{"name":"f","arguments":"1"}},{"function":{"name":"g"}}]}})")},
       {{"f", "1"}, {"g", ""}}},
      {"a call of no kind that is known", {call(R"({"index":0,"type":"other"})")}, {{"", ""}}},
      {"a name in pieces",
       {call(R"({"index":0,"function":{"name":"get_","arguments":"{"}})"),
        call(R"({"index":0,"function":{"name":"it","arguments":"}"}})")},
       {{"get_it", "{}"}, unreadable("get_"), unreadable("it")}},
      {"the same name with each fragment",
       {call(R"({"index":0,"function":{"name":"f","arguments":"{"}})"),
        call(R"({"index":0,"function":{"name":"f","arguments":"}"}})")},
       {{"ff", "{}"}, unreadable("f")}},
      {"two calls with one number",
       {call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"),
        call(R"({"index":0,"id":"b","function":{"name":"g","arguments":"{}"}})")},
       {unreadable("fg", "{}"), unreadable("f"), unreadable("g")}},
      {"two ids with one number",
       {call(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"),
        call(R"({"index":0,"id":"b","function":{"arguments":"}"}})")},
       {unreadable("f", "{")}},
      {"a function and a custom tool with one number",
       {call(R"({"index":0,"function":{"name":"f","arguments":"{}"},"custom":{"name":"g","input":"x"}})")},
       {unreadable("fg", "{}"), unreadable("f"), unreadable("g")}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    const Reading reading = read_events(make_chat_tool_calls, c.events);
    EXPECT_THAT(reading.kinds, testing::Each(kToolCall));
    EXPECT_EQ(reading.calls, c.calls);
  }
}

TEST(ChatToolCalls, TellsWhatAnEventIs) {
  struct Case {
    std::string event;
    EventKind kind;
  };
  const Case kCases[] = {
      {delta(R"("role":"assistant","content":"")"), kHarmless},
      {delta(R"("content":"{\"tool_calls\":[{}]}")"), kHarmless},
      {delta(R"("content":"a","tool_calls":[])"), kHarmless},
      {delta(R"("content":"a","tool_calls":null,"function_call":null)"), kHarmless},
      {chunk("", R"(,"usage":{"prompt_tokens":1})"), kHarmless},
      {chunk(choice("0", "{}", "\"stop\"")), kHarmless},
      {chunk(R"({"index":0,"delta":null,"finish_reason":"length"})"), kHarmless},
      {event("[DONE]"), kHarmless},
      {event(R"({"error":{"message":"no"}})"), kHarmless},
      {"event: error\ndata: {\"error\":{}}\n\n", kHarmless},
      {event(R"({"choices":null})"), kHarmless},
      {": ping\n\n", kHarmless},
      {"\n", kHarmless},
      {"event: ping\nid: 7\n\n", kHarmless},

      {chunk(choice("0", "{}", "\"tool_calls\"")), kToolCall},
      {chunk(choice("0", "{}", "\"function_call\"")), kToolCall},
      {chunk(choice("0", "{}", R"("tool_call\u0073")")), kToolCall},
      {call(R"({"index":0})"), kToolCall},
      {delta(R"("function_call":{})"), kToolCall},
      {"data: {\"choices\":[{\"delta\":{\"tool_calls\":\ndata: [{\"function\":{\"name\":\"f\"}}]}}]}\n\n",
       kToolCall},

      // What makes no sense, or not one sense.
      {event(""), kUnread},
      {event("{"), kUnread},
      {event("[DONE"), kUnread},
      {event("[DONE]x"), kUnread},
      {event("[DONE] x"), kUnread},
      {event("null"), kUnread},
      {event("[]"), kUnread},
      {event(R"("text")"), kUnread},
      {event(R"({"choices":[]} {"choices":[]})"), kUnread},
      {event(R"({"choices":[],"x":NaN})"), kUnread},
      {event(R"({"choices":[],"x":"\ud83d"})"), kUnread},
      {event("{\"choices\":[],\"x\":\"\xFF\"}"), kUnread},
      {event(R"({"choices":{}})"), kUnread},
      {event(R"({"choices":{"0":{"delta":{}}}})"), kUnread},
      {event(R"({"choices":"x"})"), kUnread},
      {event(R"({"choices":[null]})"), kUnread},
      {event(R"({"choices":[[]]})"), kUnread},
      {event(R"({"choices":[],"choices":[]})"), kUnread},
      {event(R"({"choices":[],"choice\u0073":[]})"), kUnread},
      {chunk(R"({"index":0,"delta":[]})"), kUnread},
      {chunk(R"({"index":0,"delta":"x"})"), kUnread},
      {chunk(R"({"index":0,"delta":{},"delta":{}})"), kUnread},
      {chunk(R"({"index":0,"message":[]})"), kUnread},
      {chunk(R"({"index":0,"index":1,"delta":{}})"), kUnread},
      {chunk(R"({"index":"0","delta":{}})"), kUnread},
      {chunk(R"({"index":0.0,"delta":{}})"), kUnread},
      {chunk(R"({"index":-1,"delta":{}})"), kUnread},
      {chunk(R"({"finish_reason":"stop","finish_reason":"tool_calls","delta":{}})"), kUnread},
      {chunk(R"({"finish_reason":["tool_calls"],"delta":{}})"), kUnread},
      {delta(R"("tool_calls":{})"), kUnread},
      {delta(R"("tool_calls":{"0":{"function":{"name":"f"}}})"), kUnread},
      {delta(R"("tool_calls":"x")"), kUnread},
      {delta(R"("tool_calls":true)"), kUnread},
      {delta(R"("tool_calls":[],"tool_calls":[{}])"), kUnread},
      {delta(R"("content":"a","content":"b")"), kUnread},
      {delta(R"("function_call":[])"), kUnread},
      {delta(R"("function_call":"f")"), kUnread},
      {call("null"), kUnread},
      {call("[]"), kUnread},
      {call(R"({"index":"0"})"), kUnread},
      {call(R"({"index":0,"index":1})"), kUnread},
      {call(R"({"id":4})"), kUnread},
      {call(R"({"function":"f"})"), kUnread},
      {call(R"({"function":[]})"), kUnread},
      {call(R"({"function":{"name":"f"},"function":{"name":"g"}})"), kUnread},
      {call(R"({"function":{"name":"f","name":"g"}})"), kUnread},
      {call(R"({"function":{"name":"f","n\u0061me":"g"}})"), kUnread},
      {call(R"({"function":{"name":["f"]}})"), kUnread},
      {call(R"({"function":{"name":"f","arguments":"{}","arguments":"{}"}})"), kUnread},
      {call(R"({"custom":{"name":"f","input":"a","input":"b"}})"), kUnread},
      // A client for which a line ends elsewhere may find data in it.
      {": x\xE2\x80\xA8"
       "data: {}\n\n",
       kUnread},
  };
  for (const Case& c : kCases) EXPECT_EQ(kind_of(c.event), c.kind) << c.event;
}

TEST(ChatToolCalls, AnEventIsTheSameAfterOneLikeIt) {
  const std::string text = delta(R"("content":"Hi")");
  const Events events = {delta(R"("role":"assistant","content":"")"),
                         text,
                         delta(R"("content":" there")"),
                         delta(R"("content":"\u0022")"),
                         delta(R"("content":"","tool_calls":[{"function":{"name":"f"}}])"),
                         delta(R"("content":" more")")};
  const Reading reading = read_events(make_chat_tool_calls, events);
  EXPECT_THAT(reading.kinds, ElementsAre(kHarmless, kHarmless, kHarmless, kHarmless, kToolCall, kHarmless));
  EXPECT_THAT(reading.calls, ElementsAre(ToolCall{"f", ""}));
  EXPECT_EQ(kind_of(delta(R"("content":"a","tool_calls":[{"index":0}])")), kToolCall);
}

TEST(ChatToolCalls, KeepsNoMoreThanItsBounds) {
  const auto reader = make_chat_tool_calls();
  const std::string piece(1 << 20, '1');
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(on_event(*reader, call(R"({"index":0,"function":{"name":"","arguments":")" + piece + "\"}}")),
              kToolCall);
  ASSERT_EQ(reader->calls().size(), 1u);
  EXPECT_FALSE(reader->calls()[0].arguments_are_readable);
  EXPECT_LE(reader->calls()[0].arguments.size(), ToolCallReader::kArgumentBytesMax);

  const auto many = make_chat_tool_calls();
  for (std::size_t i = 0; i < ToolCallReader::kCallsMax; ++i)
    ASSERT_EQ(on_event(*many, call("{\"index\":" + std::to_string(i) + "}")), kToolCall);
  EXPECT_EQ(on_event(*many, call(R"({"index":100000})")), kUnread);
  EXPECT_EQ(many->calls().size(), ToolCallReader::kCallsMax);

  const auto names = make_chat_tool_calls();
  const std::string long_name(std::size_t{3} << 20, 'n');
  EXPECT_EQ(on_event(*names, call(R"({"index":0,"function":{"name":")" + long_name + "\"}}")), kToolCall);
  EXPECT_EQ(on_event(*names, call(R"({"index":1,"function":{"name":")" + long_name + "\"}}")), kUnread);
}

// --- Refusing a stream ------------------------------------------------------------------------------------

std::string refuse(const Events& events) {
  const std::string out = refuse_events(make_chat_tool_calls, events);
  const Reading again = read_events(make_chat_tool_calls, events_of(out));
  EXPECT_THAT(again.kinds, testing::Each(kHarmless)) << out;
  EXPECT_THAT(again.calls, IsEmpty()) << out;
  return out;
}

std::string both(std::string_view before = "") {
  const std::string text(kRefusalText);
  return R"("content":")" + std::string(before) + text.substr(1) + R"(,"refusal":)" + text;
}

const std::string kEnd = chunk(choice("0", "{}", "\"tool_calls\""));
const std::string kStop = chunk(choice("0", "{}", "\"stop\""));
const std::string kDone = event("[DONE]");
const std::string kCallF =
    call(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})");
const std::string kMoreOfF = call(R"({"index":0,"function":{"arguments":"{}"}})");

TEST(ChatToolCalls, PutsTheRefusalInThePlaceOfTheFirstCall) {
  struct Case {
    std::string_view what;
    Events events;
    Events out;
  };
  const std::string kUsage = chunk("", R"(,"usage":{"prompt_tokens":1})");
  const std::string kCallOf1 = R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]})";
  const Case kCases[] = {
      {"a call alone",
       {delta(R"("role":"assistant","content":null)"), kCallF, kMoreOfF, kEnd, kUsage, kDone},
       {delta(R"("role":"assistant","content":null)"), delta(both()), kStop, kUsage, kDone}},
      {"the role comes with the call",
       {delta(R"("role":"assistant","content":null,"tool_calls":[{"index":0}])"), kMoreOfF, kEnd},
       {delta("\"role\":\"assistant\"," + both()), kStop}},
      {"behind text",
       {delta(R"("content":"Let me look.")"), kCallF, kEnd},
       {delta(R"("content":"Let me look.")"), delta(both("\\n\\n")), kStop}},
      {"behind text that was known by its shape",
       {delta(R"("role":"assistant","content":"")"), delta(R"("content":"a")"), delta(R"("content":"b")"),
        kCallF},
       {delta(R"("role":"assistant","content":"")"), delta(R"("content":"a")"), delta(R"("content":"b")"),
        delta(both("\\n\\n"))}},
      {"behind text in the same chunk",
       {delta(R"("content":"Look","tool_calls":[{"index":0}])"), kEnd},
       {delta(both("Look\\n\\n")), kStop}},
      {"text between calls, and behind them",
       {kCallF, delta(R"("content":"a")"), call(R"({"index":1,"function":{"name":"g"}})"),
        delta(R"("content":"b")"), kEnd},
       {delta(both()), delta(R"("content":"a")"), delta(R"("content":"b")"), kStop}},
      {"what stands beside a later call stays",
       {kCallF, delta(R"("reasoning_content":"hm","tool_calls":[{"index":0}])"),
        delta(R"("role":"assistant","content":"","tool_calls":[{"index":0}])"), kEnd},
       {delta(both()), delta(R"("reasoning_content":"hm")"), kStop}},
      {"the end in the chunk of the last call",
       {kCallF, chunk(choice("0", R"({"tool_calls":[{"index":0}]})", "\"tool_calls\""))},
       {delta(both()), chunk(choice("0", "{}", "\"stop\""))}},
      {"usage in the chunk of a call",
       {kCallF, chunk(choice("0", R"({"tool_calls":[{"index":0}]})"), R"(,"usage":{"prompt_tokens":1})"),
        kEnd},
       {delta(both()), kUsage, kStop}},
      {"an end that is no call's",
       {kCallF, chunk(choice("0", "{}", "\"length\""))},
       {delta(both()), chunk(choice("0", "{}", "\"length\""))}},
      {"other choices",
       {chunk(choice("0", R"({"content":"a"})")), chunk(choice("1", kCallOf1)),
        chunk(choice("0", R"({"content":"b"})")),
        chunk(choice("1", kCallOf1) + "," + choice("0", R"({"content":"c"})")),
        chunk(choice("0", "{}", "\"stop\"")), chunk(choice("2", kCallOf1)),
        chunk(choice("1", "{}", "\"tool_calls\""))},
       {chunk(choice("0", R"({"content":"a"})")), chunk(choice("1", "{" + both() + "}")),
        chunk(choice("0", R"({"content":"b"})")), chunk(choice("0", R"({"content":"c"})")),
        chunk(choice("0", "{}", "\"stop\"")), chunk(choice("2", "{" + both() + "}")),
        chunk(choice("1", "{}", "\"stop\""))}},
      {"choices without numbers keep their places",
       {chunk(R"({"delta":)" + kCallOf1 + "}"),
        chunk(R"({"delta":)" + kCallOf1 + R"(},{"delta":{"content":"a"}})")},
       {chunk(R"({"delta":{)" + both() + "}}"), chunk(R"({"delta":{}},{"delta":{"content":"a"}})")}},
      {"legacy",
       {delta(R"("role":"assistant","content":null,"function_call":{"name":"f","arguments":""})"),
        delta(R"("function_call":{"arguments":"{}"})"), chunk(choice("0", "{}", "\"function_call\""))},
       {delta("\"role\":\"assistant\"," + both()), kStop}},
      {"a refusal that is there already",
       {delta(R"("refusal":null,"tool_calls":[{"index":0}])")},
       {delta("\"refusal\":" + std::string(kRefusalText) + R"(,"content":)" + std::string(kRefusalText))}},
      {"content in parts",
       {delta(R"("content":[{"type":"text","text":"a"}],"tool_calls":[{"index":0}])")},
       {delta(R"("content":[{"type":"text","text":"a"},{"type":"text","text":)" + std::string(kRefusalText) +
              R"(}],"refusal":)" + std::string(kRefusalText))}},
      {"a message in a chunk",
       {chunk(
           R"({"index":0,"message":{"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":"tool_calls"})")},
       {chunk(R"({"index":0,"message":{)" + both() + R"(},"finish_reason":"stop"})")}},
      {"other lines of an event, and comments",
       {"id: 4\nevent: x\n" + kCallF, ": ping\n\n", "id: 5\n" + kEnd},
       {"id: 4\nevent: x\n" + delta(both()), ": ping\n\n", "id: 5\n" + kStop}},
      {"escaped keys", {delta(R"("tool\u005fcalls":[{"index":0}])")}, {delta(both())}},
      {"an end without calls", {kEnd, kDone}, {kStop, kDone}},
      {"numbers, white space and members nobody knows",
       {event(R"({ "choices" : [ {"delta" : {"tool_calls":[{}] , "x" : 1.0e2} , "y":[ 1 ]} ], "z" : -0 })")},
       {event(R"({"choices":[{"delta":{"x":1.0e2,)" + both() + R"(},"y":[ 1 ]}],"z":-0})")}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_THAT(events_of(refuse(c.events)), testing::ElementsAreArray(c.out));
  }
}

TEST(ChatToolCalls, PutsTheRefusalWhereSomethingWasUnread) {
  const auto own = [](std::string_view members, std::string_view end = "null") {
    return chunk(choice("0", "{" + std::string(members) + "}", end));
  };
  const std::string kRole = "\"role\":\"assistant\",";
  const std::string kText = delta(R"("role":"assistant","content":"a")");
  EXPECT_THAT(events_of(refuse({kText, event("{"), event("}"), kStop, kDone})),
              ElementsAre(kText, own(both("\\n\\n")), kStop, kDone));
  EXPECT_THAT(events_of(refuse({kText, event("{"), kCallF, kMoreOfF, kEnd})),
              ElementsAre(kText, own(both("\\n\\n")), kStop))
      << "a call behind it is left out";
  EXPECT_THAT(events_of(refuse({kText, event("{"), kDone})),
              ElementsAre(kText, own(both("\\n\\n")), own("", "\"stop\""), kDone))
      << "it may have been the end";
  EXPECT_THAT(events_of(refuse({kText, kCallF, event("{"), kDone})),
              ElementsAre(kText, delta(both("\\n\\n")), own("", "\"stop\""), kDone));
  // Nothing to copy from.
  const std::string bare =
      R"({"id":"chatcmpl-refused","object":"chat.completion.chunk","created":0,"model":"","choices":[)";
  EXPECT_THAT(events_of(refuse({event("{"), kDone})),
              ElementsAre(event(bare + choice("0", "{" + kRole + both() + "}") + "]}"),
                          event(bare + choice("0", "{}", "\"stop\"") + "]}"), kDone));
  // One that could not be kept.
  const auto reader = make_chat_tool_calls();
  std::string out;
  EXPECT_EQ(on_event(*reader, kCallF), kToolCall);
  for (const std::string& one : {std::string(), kCallF, std::string()})
    reader->refuse_event(one, kRefusal, out);
  EXPECT_THAT(events_of(out), ElementsAre(own(kRole + both())));
}

TEST(ChatToolCalls, ManyChoicesTakeNoMemory) {
  const auto reader = make_chat_tool_calls();
  std::string out;
  for (int i = 0; i < 1000; ++i) {
    const std::string one = chunk(choice(std::to_string(i), R"({"tool_calls":[{"index":0}]})"));
    on_event(*reader, one);
    reader->refuse_event(one, kRefusal, out);
  }
  EXPECT_EQ(events_of(out).size(), 256u);
  EXPECT_THAT(read_events(make_chat_tool_calls, events_of(out)).kinds, testing::Each(kHarmless));
}

// --- A whole answer ---------------------------------------------------------------------------------------

struct Body {
  EventKind kind;
  std::vector<ToolCall> calls;
  std::string refused;
};

Body read_body(std::string_view body) {
  const auto reader = make_chat_tool_calls();
  const http::ExactCopy exact(body);
  Body read{.kind = reader->on_body(exact.view(), 0), .calls = {}, .refused = {}};
  read.calls.assign(reader->calls().begin(), reader->calls().end());
  reader->refuse_body(exact.view(), kRefusal, read.refused);
  EXPECT_EQ(make_chat_tool_calls()->on_body(read.refused, 0), kHarmless) << read.refused;
  return read;
}

std::string body(std::string_view choices) {
  return R"({"id":"x","choices":[)" + std::string(choices) + R"(],"usage":{"total_tokens":1.50},"z":null})";
}

TEST(ChatToolCalls, ReadsAWholeAnswer) {
  struct Case {
    std::string_view choices;
    std::vector<ToolCall> calls;
    std::string refused;
  };
  const std::string kText(kRefusalText);
  const Case kCases[] = {
      {R"({"index":0,"message":{"role":"assistant","content":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
            {"id":"a","type":"custom","custom":{"name":"g","input":"x"}}],"refusal":null,"annotations":[]},
            "logprobs":null,"finish_reason":"tool_calls"})",
       {{"f", R"({"x":1})"}, {"g", R"("x")"}},
       R"({"index":0,"message":{"role":"assistant","content":)" + kText + R"(,"refusal":)" + kText +
           R"(,"annotations":[]},"logprobs":null,"finish_reason":"stop"})"},
      {R"({"index":0,"message":{"content":"Look"},"finish_reason":"stop"},)"
       R"({"index":1,"message":{"content":"Look","function_call":{"name":"f","arguments":"{}"}},"finish_reason":"stop"})",
       {{"f", "{}"}},
       R"({"index":0,"message":{"content":"Look"},"finish_reason":"stop"},{"index":1,"message":{)" +
           both("Look\\n\\n") + R"(},"finish_reason":"stop"})"},
      {R"({"message":{"content":[{"type":"text","text":"a"}],"tool_calls":[{"index":0,"function":{"name":"f"}},{"index":0,"function":{"name":"g"}}]}})",
       {{"f", ""}, {"g", ""}},
       R"({"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":)" + kText +
           R"(}],"refusal":)" + kText + "}}"},
      {R"({"message":{"tool_calls":[{}]}})", {{"", ""}}, R"({"message":{)" + both() + "}}"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.choices);
    const Body read = read_body(body(c.choices));
    EXPECT_EQ(read.kind, kToolCall);
    EXPECT_EQ(read.calls, c.calls);
    EXPECT_EQ(read.refused, body(c.refused));
  }
}

TEST(ChatToolCalls, AnswersInThePlaceOfABodyThatIsUnread) {
  const std::string minimal =
      R"({"id":"chatcmpl-refused","object":"chat.completion","created":0,"model":"","choices":[{"index":0,)"
      R"("message":{"role":"assistant",)" +
      both() + R"(},"logprobs":null,"finish_reason":"stop"}]})";
  for (const std::string_view unread : {"", "x", "[]", R"({"choices":{}})", R"({"choices":[],"choices":[]})",
                                        R"({"choices":[{"message":{"tool_calls":{}}}]})"}) {
    const Body read = read_body(unread);
    EXPECT_EQ(read.kind, kUnread) << unread;
    EXPECT_EQ(read.refused, minimal) << unread;
  }
  for (const std::string_view harmless :
       {R"({"choices":[{"message":{"content":"a"}}]})", R"({"error":{}})", "{}"})
    EXPECT_EQ(read_body(harmless).kind, kHarmless) << harmless;
}

TEST(ChatToolCalls, AnAnswerCutOffAnywhereIsUnread) {
  const std::string whole =
      body(R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}})");
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_EQ(read_body(whole.substr(0, size)).kind, kUnread) << size;
}

}  // namespace
}  // namespace archestra::providers::openai
