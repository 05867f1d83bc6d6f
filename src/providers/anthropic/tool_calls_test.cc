#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"
#include "http/test_splits.h"
#include "providers/anthropic/message_event.h"
#include "providers/anthropic/tools.h"
#include "providers/json_view.h"
#include "providers/test_refused_stream.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;
using testing::ElementsAre;
using testing::IsEmpty;
using enum EventKind;

constexpr std::string_view kRefusal = "No \"wire\"\nallowed.";
constexpr std::string_view kRefusalJson = R"("No \"wire\"\nallowed.")";

// --- Events as the provider writes them

std::string named(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}
std::string started(std::string_view content = "[]") {
  return named(
      "message_start",
      R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":)" +
          std::string(content) + R"(,"model":"m","stop_reason":null,"usage":{"input_tokens":3}}})");
}
std::string block(int index, std::string_view members) {
  return named("content_block_start", R"({"type":"content_block_start","index":)" + std::to_string(index) +
                                          R"(,"content_block":{)" + std::string(members) + "}}");
}
std::string delta(int index, std::string_view members) {
  return named("content_block_delta", R"({"type":"content_block_delta","index":)" + std::to_string(index) +
                                          R"(,"delta":{)" + std::string(members) + "}}");
}
std::string stop(int index) {
  return named("content_block_stop",
               R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
}
std::string ended(std::string_view reason) {
  return named("message_delta", R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) +
                                    R"(","stop_sequence":null}, "usage":{"output_tokens":9}})");
}
std::string stopped() { return named("message_stop", R"({"type":"message_stop"})"); }
std::string ping() { return named("ping", R"({"type": "ping"})"); }

std::string text_block(int index) { return block(index, R"("type":"text","text":"")"); }
std::string text(int index, std::string_view words) {
  return delta(index, R"("type":"text_delta","text":")" + std::string(words) + "\"");
}
std::string call_block(int index, std::string_view name, std::string_view input = "{}") {
  return block(index, R"("type":"tool_use","id":"toolu_)" + std::to_string(index) + R"(","name":")" +
                          std::string(name) + R"(","input":)" + std::string(input));
}
std::string piece(int index, std::string_view escaped) {
  return delta(index, R"("type":"input_json_delta","partial_json":")" + std::string(escaped) + "\"");
}

// What is written where the refusal stands.
std::string refusal_at(int index) {
  return text_block(index) + delta(index, R"("type":"text_delta","text":)" + std::string(kRefusalJson)) +
         stop(index);
}

using Events = std::vector<std::string>;
using Calls = std::vector<ToolCall>;

std::string joined(const Events& events) {
  std::string all;
  for (const std::string& event : events) all += event;
  return all;
}

Events split(std::string_view bytes) {
  http::SseReader reader(bytes.size() + 1);
  reader.feed(bytes);
  Events events;
  while (const auto event = reader.next()) events.emplace_back(event->raw);
  EXPECT_EQ(reader.unfinished(), "");
  return events;
}

Calls calls_of(const ToolCallReader& reader) { return {reader.calls().begin(), reader.calls().end()}; }

Calls calls_in(const Events& events) {
  const auto reader = make_tool_call_reader();
  read_stream(*reader, events);
  return calls_of(*reader);
}

EventKind kind_of(std::string_view event) {
  const auto reader = make_tool_call_reader();
  const http::ExactCopy exact(event);
  return reader->on_event(exact.view());
}

// As SDKs need it: nothing is a call, and blocks are numbered as they come.
void expect_sound(const std::string& sent) {
  const auto reader = make_tool_call_reader();
  std::string scratch;
  std::uint64_t blocks = 0;
  int starts = 0;
  for (const std::string& event : split(sent)) {
    SCOPED_TRACE(event);
    EXPECT_EQ(reader->on_event(event), kHarmless);
    const auto read = read_message_event(event, scratch);
    ASSERT_TRUE(read);
    if (read->type == MessageEvent::Type::kMessageStart) {
      EXPECT_EQ(++starts, 1);
      blocks = read->message.blocks.size();
    }
    if (read->type == MessageEvent::Type::kBlockStart) {
      EXPECT_EQ(starts, 1);
      EXPECT_EQ(read->index, blocks++);
    }
  }
  EXPECT_THAT(calls_of(*reader), IsEmpty());
}

std::string refused(const Events& events) {
  const auto reader = make_tool_call_reader();
  std::string sent = refuse_stream(*reader, events, kRefusal);
  expect_sound(sent);
  // What is dropped for want of room changes nothing about what the client can read.
  for (std::size_t kept = 0; kept <= events.size(); ++kept) {
    SCOPED_TRACE(kept);
    const auto early = make_tool_call_reader();
    const std::string sent_early = refuse_early(*early, events, kept, kRefusal);
    expect_sound(sent_early);
    EXPECT_EQ(sent_early, sent);
  }
  return sent;
}

// --- Reading

TEST(AnthropicToolCalls, KnowsWhatMayLeave) {
  for (const std::string& event :
       {started(),
        text_block(0),
        text(0, "tool_use"),
        stop(0),
        ended("end_turn"),
        ended("max_tokens"),
        stopped(),
        ping(),
        std::string("\n"),
        std::string(": comment\n\n"),
        std::string("event: ping\n\n"),
        std::string("data:\n\n"),
        std::string("data: [DONE]\n\n"),
        named("error", R"({"type":"error","error":{"type":"overloaded_error"}})"),
        block(0, R"("type":"thinking","thinking":"","signature":"")"),
        block(0, R"("type":"redacted_thinking","data":"x")"),
        block(0, R"("type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{})"),
        block(0, R"("type":"mcp_tool_use","id":"m","name":"f","server_name":"s","input":{})"),
        block(0, R"("type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[])"),
        block(0, R"("type":"some_new_block","name":"f","input":{})"),
        delta(0, R"("type":"signature_delta","signature":"x")"),
        named("some_new_event", R"({"type":"some_new_event","x":1})"),
        named("message_delta", R"({"type":"message_delta","delta":{}})"),
        started("null"),
        started(R"([{"type":"text","text":"a"}])")}) {
    SCOPED_TRACE(event);
    EXPECT_EQ(kind_of(event), kHarmless);
  }
}

TEST(AnthropicToolCalls, KnowsCalls) {
  for (const std::string& event :
       {call_block(0, "f"), block(0, R"("type":"tool_\u0075se","n\u0061me":"f","input":{})"),
        block(0, R"("type":"computer_tool_use","name":"f")"), ended("tool_use"),
        named("", R"({"type":"message_delta","delta":{"stop_reason":"tool\u005fuse"}})"),
        started(R"([{"type":"tool_use","id":"a","name":"f","input":{}}])"),
        "data: {\"type\":\"content_block_start\",\ndata: "
        "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"name\":\"f\"}}\n\n" +
            std::string()}) {
    SCOPED_TRACE(event);
    EXPECT_EQ(kind_of(event), kToolCall);
  }
}

TEST(AnthropicToolCalls, TakesNothingForHarmlessThatOthersMayReadOtherwise) {
  constexpr std::string_view kData[] = {
      // no JSON, or JSON to some
      "{", "{}}", "{'type':'ping'}", "NaN", R"({"type":"ping",})", "\xff",
      // no event
      "[]", "1", R"("ping")",
      // members that stand there twice, also in another spelling
      R"({"type":"ping","type":"content_block_start","content_block":{"type":"tool_use","name":"f"},"index":0})",
      R"({"type":"ping","typ\u0065":"ping"})",
      R"({"type":"content_block_start","index":0,"index":1,"content_block":{"type":"text"}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"text"},"content_block":{"type":"tool_use","name":"f"}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"text","type":"tool_use","name":"f"}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"f","name":"g"}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"f","input":{},"input":{}}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta"},"delta":{"type":"input_json_delta"}})",
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_reason":"tool_use"}})",
      R"({"type":"message_start","message":{"content":[],"content":[]}})",
      R"({"type":"message_start","message":{},"message":{}})",
      // values of other kinds
      R"({"type":"content_block_start","index":0})",
      R"({"type":"content_block_start","index":0,"content_block":[]})",
      R"({"type":"content_block_start","index":0,"content_block":{}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":1}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":1}})",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"\ud800"}})",
      R"({"type":"content_block_start","index":"0","content_block":{"type":"text"}})",
      R"({"type":"content_block_start","index":-1,"content_block":{"type":"text"}})",
      R"({"type":"content_block_start","index":0.0,"content_block":{"type":"text"}})",
      R"({"type":"content_block_start","index":4294967296,"content_block":{"type":"text"}})",
      R"({"type":"content_block_start","content_block":{"type":"text"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":{}}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","partial_json":"x"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":null}})",
      R"({"type":"content_block_stop","index":null})", R"({"type":"message_delta","delta":"tool_use"})",
      R"({"type":"message_delta","delta":{"stop_reason":["tool_use"]}})", R"({"type":"message_delta"})",
      R"({"type":"message_start","message":{"content":{"type":"tool_use"}}})",
      R"({"type":"message_start","message":{"content":["tool_use"]}})", R"({"type":"message_start"})",
      // pieces of a message in what is none
      R"({"index":0,"content_block":{"type":"tool_use","name":"f","input":{}}})",
      R"({"type":"CONTENT_BLOCK_START","index":0,"content_block":{"type":"tool_use","name":"f","input":{}}})",
      R"({"type":"ping","delta":{"stop_reason":"tool_use"}})", R"({"type":"error","message":{}})",
      R"({"type":"content_block_stop","index":0,"content_block":{"type":"tool_use","name":"f","input":{}}})",
      R"({"type":"message_stop","delta":{"stop_reason":"tool_use"}})",
      // arguments of a block that nobody has seen
      R"({"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{}"}})"};
  for (const std::string_view data : kData) {
    SCOPED_TRACE(data);
    EXPECT_EQ(kind_of(named("", data)), kUnread);
  }
  // Some SDKs go by the name, some by the type.
  EXPECT_EQ(kind_of(named("ping", R"({"type":"message_stop"})")), kUnread);
  EXPECT_EQ(kind_of(named("content_block_start", R"({"type":"message_delta","delta":{}})")), kUnread);
}

TEST(AnthropicToolCalls, PutsArgumentsTogether) {
  struct Case {
    std::string_view title;
    Events events;
    Calls calls;
  };
  const Case kCases[] = {
      {"in pieces",
       {started(), call_block(0, "f"), piece(0, ""), piece(0, R"({\"a\":)"), ping(),
        piece(0, R"( \"\\u00e4\"})"), stop(0), ended("tool_use"), stopped()},
       {{"f", R"({"a": "\u00e4"})"}}},
      {"no pieces", {started(), call_block(0, "f"), piece(0, ""), stop(0)}, {{"f", "{}"}}},
      {"at once", {started(), call_block(0, "f", R"({"a": [1]})"), stop(0)}, {{"f", R"({"a": [1]})"}}},
      {"none", {started(), block(0, R"("type":"tool_use","name":"f")"), stop(0)}, {{"f", ""}}},
      {"null", {started(), call_block(0, "f", "null"), piece(0, "{}"), stop(0)}, {{"f", "{}"}}},
      {"interleaved",
       {started(), call_block(0, "f"), call_block(1, "g"), piece(1, "{1"), piece(0, "{0"), piece(1, "1}"),
        stop(1), piece(0, "0}"), stop(0)},
       {{"f", "{00}"}, {"g", "{11}"}}},
      {"behind others",
       {started(), text_block(0), text(0, "x"), stop(0),
        block(1, R"("type":"server_tool_use","name":"s","input":{})"), piece(1, "{s}"), stop(1),
        call_block(2, "f"), piece(2, "{f}"), stop(2)},
       {{"f", "{f}"}}},
      {"cut off", {started(), call_block(0, "f"), piece(0, R"({\"a)")}, {{"f", R"({"a)"}}},
      {"in the first event",
       {started(R"([{"type":"text","text":""},{"type":"tool_use","name":"f","input":{"a":1}}])")},
       {{"f", R"({"a":1})"}}},
      {"an empty name", {started(), call_block(0, "")}, {{"", "{}"}}},
      {"without what came before",
       {call_block(2, "f"), piece(2, "{f}"), text(0, "x"), stop(2), call_block(3, "g"), piece(3, "{g}"),
        stop(3)},
       {{"f", "{f}"}, {"g", "{g}"}}},
      // Readers differ.
      {"twice", {started(), call_block(0, "f", R"({"a":1})"), piece(0, "{}"), stop(0)}, {{"f", "", false}}},
      {"no object", {started(), call_block(0, "f", R"("{}")"), stop(0)}, {{"f", "", false}}},
      {"a list", {started(), call_block(0, "f", "[1]"), piece(0, "{}")}, {{"f", "", false}}},
      {"indexes that are no places",
       {started(), call_block(1, "f"), call_block(0, "g"), piece(0, "{}")},
       {{"f", "", false}, {"g", "", false}}},
      {"an index that is skipped", {started(), text_block(1), call_block(2, "f")}, {{"f", "", false}}},
      {"an index that comes again",
       {started(), text_block(0), stop(0), call_block(0, "f")},
       {{"f", "", false}}},
      {"content and the same index",
       {started(R"([{"type":"text","text":""}])"), call_block(0, "f")},
       {{"f", "", false}}},
      {"some without a name",
       {started(),
        named("", R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
        call_block(1, "f")},
       {{"f", "", false}}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.title);
    Calls calls = calls_in(c.events);
    for (ToolCall& call : calls)
      if (!call.arguments_are_readable) call.arguments.clear();
    EXPECT_EQ(written(calls), written(c.calls));
  }
}

TEST(AnthropicToolCalls, HoldsAllThatBelongsToACall) {
  const Events events{started(),        text_block(0),     call_block(1, "f"), text(0, "x"),
                      piece(1, "{}"),   stop(0),           text(1, "odd"),     stop(1),
                      piece(1, "late"), ended("tool_use"), stopped()};
  const auto reader = make_tool_call_reader();
  EXPECT_THAT(read_stream(*reader, events).kinds,
              ElementsAre(kHarmless, kHarmless, kToolCall, kHarmless, kToolCall, kHarmless, kToolCall,
                          kToolCall, kUnread, kToolCall, kHarmless));
}

TEST(AnthropicToolCalls, TakesPiecesOfAServersToolsForHarmlessWhileItIsOpen) {
  const Events events{started(), block(0, R"("type":"server_tool_use","name":"s","input":{})"),
                      piece(0, "{}"), stop(0), piece(0, "{}")};
  const auto reader = make_tool_call_reader();
  EXPECT_THAT(read_stream(*reader, events).kinds,
              ElementsAre(kHarmless, kHarmless, kHarmless, kHarmless, kUnread));
}

TEST(AnthropicToolCalls, KeepsNoMoreThanItMay) {
  const auto reader = make_tool_call_reader();
  const std::string large(ToolCallReader::kArgumentBytesMax / 4, 'x');
  reader->on_event(started());
  reader->on_event(call_block(0, "f"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reader->on_event(piece(0, large)), kToolCall);
  reader->on_event(call_block(1, "g"));
  ASSERT_EQ(reader->calls().size(), 2U);
  EXPECT_FALSE(reader->calls()[0].arguments_are_readable);
  EXPECT_LE(reader->calls()[0].arguments.size(), ToolCallReader::kArgumentBytesMax);
  EXPECT_TRUE(reader->calls()[1].arguments_are_readable);  // small enough for what is left
  EXPECT_EQ(reader->on_event(call_block(2, large)), kUnread);

  const auto many = make_tool_call_reader();
  many->on_event(started());
  for (std::size_t i = 0; i < ToolCallReader::kCallsMax; ++i) {
    EXPECT_EQ(many->on_event(call_block(static_cast<int>(i), "f")), kToolCall);
    many->on_event(stop(static_cast<int>(i)));
  }
  EXPECT_EQ(many->on_event(call_block(ToolCallReader::kCallsMax, "f")), kUnread);
  EXPECT_EQ(many->calls().size(), ToolCallReader::kCallsMax);

  const auto open = make_tool_call_reader();
  open->on_event(started());
  int index = 0;
  while (open->on_event(text_block(index)) == kHarmless) ASSERT_LT(++index, 10000);
}

// --- Refusing a stream

TEST(AnthropicToolCalls, PutsATextInThePlaceOfCalls) {
  const std::string thinking = block(0, R"("type":"thinking","thinking":"","signature":"")") +
                               delta(0, R"("type":"thinking_delta","thinking":"hm")") +
                               delta(0, R"("type":"signature_delta","signature":"s")") + stop(0);
  Events events{started()};
  for (const std::string& event : split(thinking)) events.push_back(event);
  for (const std::string& event :
       {text_block(1), ping(), text(1, "I will"), stop(1), call_block(2, "f"), piece(2, "{}"), stop(2),
        ping(), call_block(3, "g"), piece(3, "{}"), stop(3), text_block(4), text(4, "done"), stop(4),
        named("error", R"({"type":"error","error":{}})"), std::string(": comment\n\n"), ended("tool_use"),
        stopped()})
    events.push_back(event);
  EXPECT_EQ(refused(events), started() + thinking + text_block(1) + ping() + text(1, "I will") + stop(1) +
                                 refusal_at(2) + ping() + text_block(3) + text(3, "done") + stop(3) +
                                 named("error", R"({"type":"error","error":{}})") + ": comment\n\n" +
                                 ended("end_turn") + stopped());
}

TEST(AnthropicToolCalls, PutsItThereOnce) {
  EXPECT_EQ(refused({started(), call_block(0, "f"), call_block(1, "g"), piece(1, "{}"), piece(0, "{}"),
                     stop(0), stop(1), ended("tool_use"), stopped()}),
            started() + refusal_at(0) + ended("end_turn") + stopped());
  // Blocks that are open at the same time
  EXPECT_EQ(refused({started(), text_block(0), text(0, "a"), call_block(1, "f"), text(0, "b"), text_block(2),
                     stop(1), text(2, "c"), stop(0), stop(2), ended("max_tokens"), stopped()}),
            started() + text_block(0) + text(0, "a") + refusal_at(1) + text(0, "b") + text_block(2) +
                text(2, "c") + stop(0) + stop(2) + ended("max_tokens") + stopped());
  EXPECT_EQ(
      refused({started(), call_block(0, "f"), call_block(1, "g"), text_block(2), text(2, "c"), stop(2)}),
      started() + refusal_at(0) + text_block(1) + text(1, "c") + stop(1));
  // A server's tool behind the calls
  EXPECT_EQ(refused({started(), call_block(0, "f"), stop(0), call_block(1, "f"), stop(1),
                     block(2, R"("type":"server_tool_use","name":"s","input":{})"), piece(2, "{}"), stop(2)}),
            started() + refusal_at(0) + block(1, R"("type":"server_tool_use","name":"s","input":{})") +
                piece(1, "{}") + stop(1));
}

TEST(AnthropicToolCalls, KeepsTheOtherBytesOfWhatItChanges) {
  const std::string text_start =
      "event: content_block_start\r\nid: 7\r\n"
      "data:  {\"content_block\" : {\"type\":\"text\", \"x\":1.50},\r\n"
      "data: \"index\":2 ,\"type\":\"content_block_start\"} \r\n\r\n";
  const std::string end =
      "event: message_delta\n"
      "data: {\"delta\" :{ \"stop_reason\": \"tool\\u005fuse\"},\"type\":\"message_delta\"  }\n\n";
  EXPECT_EQ(refused({started(), call_block(0, "f"), call_block(1, "g"), text_start, end}),
            started() + refusal_at(0) +
                "event: content_block_start\nid: 7\n"
                "data:  {\"content_block\" : {\"type\":\"text\", \"x\":1.50},\n"
                "data: \"index\":1 ,\"type\":\"content_block_start\"} \n\n"
                "event: message_delta\n"
                "data: {\"delta\" :{ \"stop_reason\": \"end_turn\"},\"type\":\"message_delta\"  }\n\n");
}

TEST(AnthropicToolCalls, RewritesAMessageThatBeginsWithContent) {
  EXPECT_EQ(
      refused(
          {started(
               R"([{"type":"text", "text":"a"},{"type":"tool_use","name":"f"},{"type":"tool_use","name":"g"}])"),
           text(0, "b"), piece(1, "{}"), stop(1), text_block(3), text(3, "c"), stop(3), ended("tool_use"),
           stopped()}),
      started(R"([{"type":"text", "text":"a"}])") + refusal_at(1) + text(0, "b") + text_block(2) +
          text(2, "c") + stop(2) + ended("end_turn") + stopped());
  const std::string both = R"({"type":"message_start","message":{"content":[],"stop_reason":"tool_use"}})";
  EXPECT_EQ(
      refused({named("message_start", both), stopped()}),
      named("message_start",
            R"({"type":"message_start","message":{"content":[],"stop_reason":"end_turn"}})") +
          refusal_at(0) +
          named(
              "message_delta",
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":0}})") +
          stopped());
}

TEST(AnthropicToolCalls, LeavesOutWhatItCannotRead) {
  const std::string end_turn = named(
      "message_delta",
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":0}})");
  // In the middle
  EXPECT_EQ(refused({started(), text_block(0), text(0, "a"), named("", "{"), text(0, "b"), stop(0),
                     text_block(1), stop(1), ended("end_turn"), stopped()}),
            started() + text_block(0) + text(0, "a") + refusal_at(1) + text(0, "b") + stop(0) +
                text_block(2) + stop(2) + ended("end_turn") + stopped());
  // Behind a call
  EXPECT_EQ(refused({started(), call_block(0, "f"), named("", "{"), piece(5, "{}"), text(6, "x"), stop(7),
                     ended("tool_use"), stopped()}),
            started() + refusal_at(0) + ended("end_turn") + stopped());
  // Its end
  EXPECT_EQ(refused({started(), named("message_delta", "{"), stopped()}),
            started() + refusal_at(0) + end_turn + stopped());
  EXPECT_EQ(refused({started(), ended("end_turn"), named("message_stop", "{")}),
            started() + ended("end_turn") + refusal_at(0) + stopped());
  // A stop without a call
  EXPECT_EQ(refused({started(), ended("tool_use"), stopped()}),
            started() + refusal_at(0) + ended("end_turn") + stopped());
}

TEST(AnthropicToolCalls, BeginsAMessageWhereNoneHasBegun) {
  const Events events{named("message_start", "{"), text_block(0), text(0, "a"), stop(0),
                      ended("end_turn"),           stopped()};
  const Events sent = split(refused(events));
  ASSERT_EQ(sent.size(), 4 + events.size() - 1);
  std::string scratch;
  const auto first = read_message_event(sent[0], scratch);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, MessageEvent::Type::kMessageStart);
  EXPECT_EQ(joined({sent.begin() + 1, sent.end()}),
            refusal_at(0) + text_block(1) + text(1, "a") + stop(1) + ended("end_turn") + stopped());
  // One that comes late would begin it again.
  EXPECT_EQ(split(refused({named("", "{"), started(), text_block(0), stopped()})).size(), 4U + 3U);
}

TEST(AnthropicToolCalls, PutsTheTextInThePlaceOfAnEventThatWasNotKept) {
  const auto reader = make_tool_call_reader();
  std::string sent;
  for (const std::string& event : {started(), text_block(0), stop(0), call_block(1, "f")})
    reader->on_event(event);
  reader->refuse_event("", kRefusal, sent);
  EXPECT_EQ(sent, refusal_at(1));
  reader->refuse_event("", kRefusal, sent);
  EXPECT_EQ(sent, refusal_at(1));
}

// --- Bodies

EventKind read_body(ToolCallReader& reader, std::string_view body) {
  const http::ExactCopy exact(body);
  return reader.on_body(exact.view(), 0);
}

std::string refused_body(std::string_view body) {
  const auto reader = make_tool_call_reader();
  read_body(*reader, body);
  std::string out;
  reader->refuse_body(body, kRefusal, out);
  const auto again = make_tool_call_reader();
  EXPECT_EQ(read_body(*again, out), kHarmless) << out;
  EXPECT_THAT(calls_of(*again), IsEmpty());
  return out;
}

TEST(AnthropicToolCalls, ReadsBodies) {
  struct Case {
    std::string_view body;
    EventKind kind;
    Calls calls;
  };
  const Case kCases[] = {
      {R"({"id":"m","content":[{"type":"text","text":"tool_use"}],"stop_reason":"end_turn"})", kHarmless, {}},
      {R"({"type":"error","error":{"type":"x"}})", kHarmless, {}},
      {R"({"content":null})", kHarmless, {}},
      {R"({"content":[{"type":"server_tool_use","name":"s","input":{}},{"type":"x_tool_result"}]})",
       kHarmless,
       {}},
      {R"({"content":[{"type":"tool_use","name":"f","input":{"a":1}},{"type":"text","text":""},{"name":"g","type":"tool_use"}]})",
       kToolCall,
       {{"f", R"({"a":1})"}, {"g", ""}}},
      {R"({"content":[{"type":"tool_use","name":"f","input":"{}"}]})", kToolCall, {{"f", "", false}}},
      {R"({"cont\u0065nt":[{"t\u0079pe":"tool\u005fuse","name":"\u0066"}]})", kToolCall, {{"f", ""}}},
      {R"({"content":[],"stop_reason":"tool_use"})", kToolCall, {}},
      {R"({"content":[{"type":"tool_use"}]})", kUnread, {}},
      {R"({"content":[],"content":[{"type":"tool_use","name":"f"}]})", kUnread, {}},
      {R"({"content":{"type":"tool_use","name":"f"}})", kUnread, {}},
      {R"({"content":"x"})", kUnread, {}},
      {R"({"content":[[{"type":"tool_use","name":"f"}]]})", kUnread, {}},
      {R"({"stop_reason":"end_turn","stop_reason":"tool_use"})", kUnread, {}},
      {R"([{"content":[]}])", kUnread, {}},
      {R"({"content":[])", kUnread, {}},
      {"", kUnread, {}},
      {"<html>", kUnread, {}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.body);
    const auto reader = make_tool_call_reader();
    EXPECT_EQ(read_body(*reader, c.body), c.kind);
    EXPECT_EQ(written(calls_of(*reader)), written(c.calls));
  }
}

TEST(AnthropicToolCalls, RefusesBodies) {
  const std::string text_block_json = R"({"type":"text","text":)" + std::string(kRefusalJson) + "}";
  EXPECT_EQ(
      refused_body(
          R"({"id": "m" ,"content": [ {"type":"thinking", "thinking":"a"}, {"type":"tool_use","name":"f"} ,
 {"type":"tool_use","name":"g"},{"type":"text","text":"b"}], "stop_reason" :"tool_use","usage":{"output_tokens":1e2} })"),
      R"({"id": "m" ,"content": [{"type":"thinking", "thinking":"a"},)" + text_block_json +
          R"(,{"type":"text","text":"b"}], "stop_reason" :"end_turn","usage":{"output_tokens":1e2} })");
  EXPECT_EQ(refused_body(R"({"stop_reason":"max_tokens","content":[{"type":"tool_use","name":"f"}]})"),
            R"({"stop_reason":"max_tokens","content":[)" + text_block_json + "]}");
  EXPECT_EQ(refused_body(R"({"content":[],"stop_reason":"tool_use"})"),
            R"({"content":[)" + text_block_json + R"(],"stop_reason":"end_turn"})");
  EXPECT_EQ(
      refused_body(R"({"content":[{"type":"text","text":"a"}],"stop_reason":"tool_use"})"),
      R"({"content":[{"type":"text","text":"a"},)" + text_block_json + R"(],"stop_reason":"end_turn"})");
}

TEST(AnthropicToolCalls, AnswersInsteadOfABodyThatItCannotRead) {
  for (const std::string_view body : {"", "{", R"({"content":"x"})", R"({"stop_reason":"tool_use"})"}) {
    const std::string out = refused_body(body);
    const auto root = View::parse(out);
    ASSERT_TRUE(root);
    View id;
    View type;
    View role;
    View content;
    View reason;
    View usage;
    ASSERT_TRUE(root->pick({{"id", &id},
                            {"type", &type},
                            {"role", &role},
                            {"content", &content},
                            {"stop_reason", &reason},
                            {"usage", &usage}}));
    EXPECT_TRUE(id.text().starts_with("msg_"));
    EXPECT_TRUE(type.is_string("message"));
    EXPECT_TRUE(role.is_string("assistant"));
    EXPECT_TRUE(reason.is_string("end_turn"));
    EXPECT_EQ(usage.raw(), R"({"input_tokens":0,"output_tokens":0})");
    EXPECT_EQ(content.raw(), R"([{"type":"text","text":)" + std::string(kRefusalJson) + "}]");
  }
}

}  // namespace
}  // namespace archestra::providers::anthropic
