#include "providers/openai/responses_tool_calls.h"

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

std::string bare(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

// As OpenAI sends it: the type twice, and a number.
class Numbered {
 public:
  explicit Numbered(int number = 0) : number_(number) {}
  std::string operator()(std::string_view type, std::string_view members) {
    return "event: response." + std::string(type) + "\ndata: {\"type\":\"response." + std::string(type) +
           "\",\"sequence_number\":" + std::to_string(number_++) + "," + std::string(members) + "}\n\n";
  }

 private:
  int number_;
};

std::string at(int index) { return "\"output_index\":" + std::to_string(index); }
std::string of_item(std::string_view id, int index) {
  return R"("item_id":")" + std::string(id) + "\"," + at(index);
}
std::string item(int index, std::string_view json) { return at(index) + ",\"item\":" + std::string(json); }
std::string response(std::string_view output, std::string_view status = "completed") {
  return R"("response":{"id":"resp_1","status":")" + std::string(status) + R"(","output":[)" +
         std::string(output) + R"(],"usage":{"input_tokens":1.0}})";
}
std::string delta(std::string_view id, int index, std::string_view text) {
  return of_item(id, index) + R"(,"delta":")" + std::string(text) + "\"";
}

std::string function(std::string_view id, std::string_view name, std::string_view arguments) {
  return R"({"id":")" + std::string(id) + R"(","type":"function_call","call_id":"c","name":")" +
         std::string(name) + R"(","arguments":")" + std::string(arguments) + "\"}";
}

const std::string kReasoning = R"({"id":"rs_1","type":"reasoning","summary":[]})";
const std::string kMessage = R"({"id":"msg_9","type":"message","content":[]})";
const std::string kSearch = R"({"id":"ws_1","type":"web_search_call","action":{"type":"function_call"}})";

Reading read(const Events& events) { return read_events(make_responses_tool_calls, events); }
EventKind kind_of(const std::string& event) { return read({event}).kinds[0]; }

ToolCall unreadable(std::string_view name, std::string_view arguments = "") {
  return {.name = std::string(name), .arguments = std::string(arguments), .arguments_are_readable = false};
}

// --- Reading a stream -------------------------------------------------------------------------------------

TEST(ResponsesToolCalls, PutsACallTogether) {
  struct Case {
    std::string_view what;
    Events events;
    std::vector<ToolCall> calls;
  };
  Numbered e;
  const auto added = [&](int index, std::string_view json) {
    return e("output_item.added", item(index, json));
  };
  const auto done = [&](int index, std::string_view json) {
    return e("output_item.done", item(index, json));
  };
  const auto piece = [&](std::string_view id, int index, std::string_view text) {
    return e("function_call_arguments.delta", delta(id, index, text));
  };
  const std::string kAddedF = added(0, function("fc_1", "f", ""));
  const std::string kDoneF = done(0, function("fc_1", "f", "{1}"));
  const Case kCases[] = {
      {"as it usually comes",
       {kAddedF, piece("fc_1", 0, "{"), piece("fc_1", 0, "1}"),
        e("function_call_arguments.done", of_item("fc_1", 0) + R"(,"arguments":"{1}")"), kDoneF,
        e("completed", response(function("fc_1", "f", "{1}")))},
       {{"f", "{1}"}}},
      {"its beginning is all", {kAddedF}, {{"f", ""}}},
      {"its pieces are all", {kAddedF, piece("fc_1", 0, "{"), piece("fc_1", 0, "1")}, {{"f", "{1"}}},
      {"its end is all", {kDoneF}, {{"f", "{1}"}}},
      {"no pieces", {kAddedF, kDoneF}, {{"f", "{1}"}}},
      {"two that alternate",
       {kAddedF, added(1, function("fc_2", "g", "")), piece("fc_2", 1, "2"), piece("fc_1", 0, "1"),
        piece("fc_2", 1, "3"), done(1, function("fc_2", "g", "23")), done(0, function("fc_1", "f", "1"))},
       {{"f", "1"}, {"g", "23"}}},
      {"the whole response is all",
       {e("completed",
          response(kReasoning + "," + function("fc_1", "f", "1") + "," + function("fc_2", "f", "1")))},
       {{"f", "1"}, {"f", "1"}}},
      {"the whole response has one more",
       {kAddedF, kDoneF,
        e("incomplete", response(function("fc_1", "f", "{1}") + "," + function("fc_2", "g", "2")))},
       {{"f", "{1}"}, {"g", "2"}}},
      {"ids that change",
       {kAddedF, piece("fc_x", 0, "1"), done(0, function("fc_y", "f", "1")),
        e("completed", response(function("fc_z", "f", "1")))},
       {{"f", "1"}}},
      {"known by the id alone",
       {e("output_item.added", "\"item\":" + function("fc_1", "f", "")),
        e("function_call_arguments.delta", R"("item_id":"fc_1","delta":"1")")},
       {{"f", "1"}}},
      // What it is said to be is not always the same: then each is judged.
      {"another end than the pieces",
       {kAddedF, piece("fc_1", 0, "1"), kDoneF, kDoneF},
       {{"f", "1"}, {"f", "{1}"}}},
      {"another name at the end",
       {kAddedF, piece("fc_1", 0, "1"), done(0, function("fc_1", "g", "1"))},
       {{"f", "1"}, {"g", "1"}}},
      {"another one in the whole response",
       {kAddedF, kDoneF, e("completed", response(function("fc_1", "f", "2")))},
       {{"f", "{1}"}, {"f", "2"}}},
      {"another one in its place", {kAddedF, added(0, function("fc_2", "g", ""))}, {{"f", ""}, {"g", ""}}},
      {"pieces behind the end", {kAddedF, kDoneF, piece("fc_1", 0, "x")}, {unreadable("f", "{1}")}},
      {"pieces of another kind",
       {kAddedF, e("custom_tool_call_input.delta", delta("fc_1", 0, "x"))},
       {unreadable("f")}},
      {"pieces that are no text",
       {kAddedF, e("function_call_arguments.delta", of_item("fc_1", 0) + R"(,"delta":{})")},
       {unreadable("f")}},
      {"a beginning that has all, and the pieces of it",
       {added(0, function("fc_1", "f", "1")), piece("fc_1", 0, "1"), done(0, function("fc_1", "f", "1"))},
       {{"f", "11"}, {"f", "1"}}},
      // A stream may begin in the middle.
      {"pieces of what nobody has heard of", {piece("fc_1", 3, "1}")}, {unreadable("")}},
      {"and its end", {piece("fc_1", 3, "1}"), done(3, function("fc_1", "f", "{1}"))}, {{"f", "{1}"}}},
      {"and the whole response",
       {piece("fc_1", 0, "1}"), e("completed", response(function("fc_1", "f", "{1}")))},
       {{"f", "{1}"}}},
      // Other kinds.
      {"a custom tool",
       {added(0, R"({"id":"a","type":"custom_tool_call","name":"sql","input":""})"),
        e("custom_tool_call_input.delta", delta("a", 0, "say \\\"")),
        e("custom_tool_call_input.delta", delta("a", 0, "a\\n")),
        e("custom_tool_call_input.done", of_item("a", 0) + R"(,"input":"say \"a\n")"),
        done(0, R"({"id":"a","type":"custom_tool_call","name":"sql","input":"say \"a\n"})")},
       {{"sql", R"("say \"a\n")"}}},
      {"a shell of the client's",
       {added(0, R"({"id":"a","type":"shell_call","action":{"commands":[]},"environment":{"type":"local"}})"),
        e("shell_call_command.added", at(0) + R"(,"command":"","command_index":0)"),
        e("shell_call_command.delta", at(0) + R"(,"delta":"ls","command_index":0)")},
       {unreadable("shell", R"({"action":{"commands":[]}})")}},
      {"and its end",
       {added(0, R"({"id":"a","type":"shell_call","action":{"commands":[]}})"),
        e("shell_call_command.delta", at(0) + R"(,"delta":"ls")"),
        done(0, R"({"id":"a","type":"shell_call","action":{"commands":["ls"]}})")},
       {{"shell", R"({"action":{"commands":["ls"]}})"}}},
      {"the computer",
       {done(0, R"({"id":"a","type":"computer_call","action":{"type":"wait"},"actions":[1]})")},
       {{"computer", R"({"action":{"type":"wait"},"actions":[1]})"}}},
      {"a patch",
       {done(0, R"({"id":"a","type":"apply_patch_call","operation":{"type":"delete_file","path":"x"}})")},
       {{"apply_patch", R"({"operation":{"type":"delete_file","path":"x"}})"}}},
      {"the local shell",
       {done(0, R"({"id":"a","type":"local_shell_call","action":{"command":["ls"]}})")},
       {{"local_shell", R"({"action":{"command":["ls"]}})"}}},
      {"a search for tools",
       {done(0, R"({"id":"a","type":"tool_search_call","execution":"client","arguments":{"q":1}})")},
       {{"tool_search", R"({"q":1})"}}},
      {"one that nobody knows",
       {done(0, R"({"id":"a","type":"magic_call","x":1})")},
       {{"magic_call", R"({"id":"a","type":"magic_call","x":1})"}}},
      {"a function in a namespace",
       {done(0, R"({"type":"function_call","name":"f","namespace":"n","arguments":null})")},
       {{"f", ""}}},
      {"arguments that are no text",
       {done(0, R"({"type":"function_call","name":"f","arguments":{"a": 1}})")},
       {{"f", R"({"a": 1})"}}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    const Reading reading = read(c.events);
    EXPECT_THAT(reading.kinds, testing::Each(kToolCall));
    EXPECT_EQ(reading.calls, c.calls);
  }
}

TEST(ResponsesToolCalls, TellsWhatAnEventIs) {
  struct Case {
    std::string event;
    EventKind kind;
  };
  Numbered e;
  const auto done = [&](std::string_view json) { return e("output_item.done", item(0, json)); };
  const Case kCases[] = {
      {e("created", response("", "in_progress")), kHarmless},
      {e("completed", response(kReasoning + "," + kSearch + "," + kMessage)), kHarmless},
      {e("completed", R"("response":{"output":null})"), kHarmless},
      {e("output_text.delta", delta("msg_1", 0, "{\\\"type\\\":\\\"function_call\\\"}")), kHarmless},
      {done(kMessage), kHarmless},
      {done(kReasoning), kHarmless},
      {done(kSearch), kHarmless},
      {e("output_item.added", R"("output_index":0,"item":null)"), kHarmless},
      {done(R"({"type":"file_search_call","id":"x"})"), kHarmless},
      {done(R"({"type":"code_interpreter_call","id":"x"})"), kHarmless},
      {done(R"({"type":"image_generation_call","id":"x"})"), kHarmless},
      {done(R"({"type":"mcp_call","id":"x","name":"f","arguments":"{}"})"), kHarmless},
      {done(R"({"type":"mcp_list_tools","id":"x"})"), kHarmless},
      {done(R"({"type":"mcp_approval_request","id":"x","name":"f"})"), kHarmless},
      {done(R"({"type":"tool_search_call","execution":"server"})"), kHarmless},
      {done(R"({"type":"tool_search_output","execution":"client"})"), kHarmless},
      {done(R"({"type":"shell_call","environment":{"type":"container_reference"}})"), kHarmless},
      {done(R"({"type":"shell_call_output"})"), kHarmless},
      {e("mcp_call_arguments.delta", delta("x", 0, "{}")), kHarmless},
      {e("code_interpreter_call_code.delta", delta("x", 0, "{}")), kHarmless},
      {e("web_search_call.searching", of_item("x", 0)), kHarmless},
      {e("shell_call_output_content.delta", of_item("x", 0)), kHarmless},
      {bare("[DONE]"), kHarmless},
      {bare(R"({"type":"error","message":"no"})"), kHarmless},
      {bare(R"({"error":{}})"), kHarmless},
      {": ping\n\n", kHarmless},
      {"event: keepalive\n\n", kHarmless},

      {done(function("fc_1", "f", "")), kToolCall},
      {done(R"({"type":"function_c\u0061ll","n\u0061me":"f"})"), kToolCall},
      {bare(R"({"it\u0065m":{"type":"function_call","name":"f"}})"), kToolCall},
      {bare(R"({"type":"anything","item":{"type":"function_call"}})"), kToolCall},
      {bare(R"({"type":"anything","response":{"output":[{"type":"function_call"}]}})"), kToolCall},
      {e("in_progress", response(function("fc_1", "f", ""))), kToolCall},
      {done(R"({"type":"shell_call"})"), kToolCall},
      {done(R"({"type":"shell_call","environment":"container_reference"})"), kToolCall},
      {done(R"({"type":"tool_search_call"})"), kToolCall},
      {done(R"({"type":"new_call"})"), kToolCall},
      {e("function_call_arguments.delta", delta("x", 0, "{}")), kToolCall},
      {e("new_call_input.delta", delta("x", 0, "{}")), kToolCall},
      {e("shell_call_command.delta", at(0)), kToolCall},

      {e("function_call_arguments.delta", R"("delta":"x")"), kUnread},
      // A client that has the name from an earlier stream acts on this.
      {e("function_call_arguments.done", of_item("x", 0) + R"(,"arguments":"{}")"), kUnread},
      {bare(""), kUnread},
      {bare("{"), kUnread},
      {bare("[DONE] "), kUnread},
      {bare("null"), kUnread},
      {bare("[]"), kUnread},
      {bare(R"({"type":7})"), kUnread},
      {bare(R"({"type":"a","type":"b"})"), kUnread},
      {bare(R"({"type":"a","typ\u0065":"b"})"), kUnread},
      {e("completed", R"("response":[])"), kUnread},
      {e("completed", R"("response":{"output":{}})"), kUnread},
      {e("completed", R"("response":{"output":[[]]})"), kUnread},
      {e("completed", R"("response":{"output":[null]})"), kUnread},
      {e("completed", R"("response":{"output":[{}]})"), kUnread},
      {e("completed", R"("response":{"output":[],"output":[]})"), kUnread},
      {e("completed", R"("response":{},"response":{})"), kUnread},
      {e("output_item.added", R"("output_index":0,"item":{},"item":{})"), kUnread},
      {e("output_item.added", R"("output_index":"0")"), kUnread},
      {e("output_item.added", R"("output_index":0,"output_index":0)"), kUnread},
      {e("output_item.added", R"("output_index":0.0)"), kUnread},
      {e("output_item.added", R"("output_index":18446744073709551615)"), kUnread},
      {e("x", R"("item_id":7)"), kUnread},
      {done("[]"), kUnread},
      {done(R"("function_call")"), kUnread},
      {done("{}"), kUnread},
      {done(R"({"type":null})"), kUnread},
      {done(R"({"type":["function_call"]})"), kUnread},
      {done(R"({"type":"message","type":"function_call"})"), kUnread},
      {done(R"({"type":"message","typ\u0065":"function_call"})"), kUnread},
      {done(R"({"type":"function_call","name":"f","name":"g"})"), kUnread},
      {done(R"({"type":"function_call","name":{}})"), kUnread},
      {done(R"({"type":"function_call","arguments":"","arguments":""})"), kUnread},
      {done(R"({"type":"shell_call","environment":{"type":"a","type":"b"}})"), kUnread},
      {done(R"({"type":"tool_search_call","execution":"server","execution":"client"})"), kUnread},
      {"event: response.function_call_arguments.delta\ndata: {\"type\":\"response.output_text.delta\"}\n\n",
       kUnread},
      {": x\xE2\x80\xA8"
       "data: {}\n\n",
       kUnread},
  };
  for (const Case& c : kCases) EXPECT_EQ(kind_of(c.event), c.kind) << c.event;
}

TEST(ResponsesToolCalls, AnEventIsJudgedByItsItem) {
  Numbered e;
  const std::string kText = e("output_text.delta", delta("msg_9", 0, "a"));
  EXPECT_THAT(
      read({e("output_item.added", item(0, kMessage)), kText, e("output_text.delta", delta("msg_9", 0, "b")),
            e("function_call_arguments.delta", delta("x", 0, "{"))})
          .kinds,
      ElementsAre(kHarmless, kHarmless, kHarmless, kUnread));
  const std::string kHosted =
      R"({"type":"shell_call","id":"sh_1","environment":{"type":"container_reference"}})";
  EXPECT_THAT(read({e("output_item.added", item(0, kHosted)),
                    e("shell_call_command.delta", at(0) + R"(,"delta":"ls")")})
                  .kinds,
              ElementsAre(kHarmless, kHarmless));
  EXPECT_THAT(
      read({e("output_item.added", item(0, function("fc_1", "f", ""))),
            e("output_text.delta", delta("msg_1", 0, "a")), e("content_part.added", delta("fc_1", 1, "a")),
            e("output_item.done", item(0, kMessage)), e("output_item.done", item(2, kMessage))})
          .kinds,
      ElementsAre(kToolCall, kToolCall, kToolCall, kToolCall, kHarmless));
}

TEST(ResponsesToolCalls, KeepsNoMoreThanItsBounds) {
  Numbered e;
  const auto reader = make_responses_tool_calls();
  EXPECT_EQ(on_event(*reader, e("output_item.added", item(0, function("fc_1", "f", "")))), kToolCall);
  const std::string piece(1 << 20, '1');
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(on_event(*reader, e("function_call_arguments.delta", delta("fc_1", 0, piece))), kToolCall);
  ASSERT_EQ(reader->calls().size(), 1u);
  EXPECT_FALSE(reader->calls()[0].arguments_are_readable);

  const auto many = make_responses_tool_calls();
  for (std::size_t i = 0; i < ToolCallReader::kCallsMax; ++i)
    ASSERT_EQ(on_event(*many, e("output_item.added", item(static_cast<int>(i), function("", "f", "")))),
              kToolCall);
  EXPECT_EQ(on_event(*many, e("output_item.added", item(4000, function("", "f", "")))), kUnread);
}

// --- Refusing a stream ------------------------------------------------------------------------------------

std::string refuse(const Events& events) {
  const std::string out = refuse_events(make_responses_tool_calls, events);
  const Reading again = read(events_of(out));
  EXPECT_THAT(again.kinds, testing::Each(kHarmless)) << out;
  EXPECT_THAT(again.calls, IsEmpty()) << out;
  return out;
}

std::string part(std::string_view text) {
  return R"({"type":"output_text","annotations":[],"logprobs":[],"text":)" + std::string(text) + "}";
}
std::string message(std::string_view id) {
  return R"({"id":")" + std::string(id) + R"(","type":"message","status":"completed","content":[)" +
         part(kRefusalText) + R"(],"role":"assistant"})";
}

// The events of the message with the refusal.
void expect_message(const Events& out, std::size_t from, std::string_view id, int index, int number) {
  ASSERT_GE(out.size(), from + 6);
  Numbered e(number);
  const std::string where = of_item(id, index) + ",\"content_index\":0";
  const Events expected = {
      e("output_item.added",
        item(index, R"({"id":")" + std::string(id) +
                        R"(","type":"message","status":"in_progress","content":[],"role":"assistant"})")),
      e("content_part.added", where + ",\"part\":" + part("\"\"")),
      e("output_text.delta", where + R"(,"logprobs":[],"delta":)" + std::string(kRefusalText)),
      e("output_text.done", where + R"(,"logprobs":[],"text":)" + std::string(kRefusalText)),
      e("content_part.done", where + ",\"part\":" + part(kRefusalText)),
      e("output_item.done", item(index, message(id)))};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(out[from + i], expected[i]);
}

TEST(ResponsesToolCalls, PutsAMessageInThePlaceOfTheFirstCall) {
  Numbered e;
  const std::string kF = function("fc_1", "f", "{}");
  const std::string kG = function("fc_2", "g", "{}");
  const Events before = {e("created", response("", "in_progress")),
                         e("output_item.added", item(0, kReasoning)),
                         e("output_item.done", item(0, kReasoning))};
  const std::string kOutput =
      kReasoning + "," + kF + "," + kG + "," + kMessage + "," + function("fc_3", "h", "") + "," + kSearch;
  Events events = before;
  for (std::string& one :
       Events{e("output_item.added", item(1, kF)), e("function_call_arguments.delta", delta("fc_1", 1, "{}")),
              e("output_item.added", item(2, kG)), e("output_item.done", item(1, kF)),
              e("function_call_arguments.done", of_item("fc_2", 2) + R"(,"arguments":"{}")"),
              e("output_item.done", item(2, kG)), e("output_item.added", item(3, kMessage)),
              e("output_text.delta", delta("msg_9", 3, "hi")), e("output_item.done", item(3, kMessage)),
              e("output_item.added", item(4, function("fc_3", "h", ""))),
              e("output_item.added", item(5, kSearch)), std::string(": ping\n\n"),
              e("completed", response(kOutput)), bare("[DONE]")})
    events.push_back(std::move(one));
  const Events out = events_of(refuse(events));
  ASSERT_EQ(out.size(), 3u + 6 + 3 + 1 + 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(out[i], before[i]);
  expect_message(out, 3, "msg_fc_1", 1, 3);
  Numbered later(9);
  const Events after = {
      later("output_item.added", item(2, kMessage)),
      later("output_text.delta", delta("msg_9", 2, "hi")),
      later("output_item.done", item(2, kMessage)),
      later("output_item.added", item(3, kSearch)),
      ": ping\n\n",
      later("completed", response(kReasoning + "," + message("msg_fc_1") + "," + kMessage + "," + kSearch)),
      bare("[DONE]")};
  EXPECT_EQ(Events(out.begin() + 9, out.end()), after);
}

TEST(ResponsesToolCalls, CountsOnBehindEventsKnownByTheirShape) {
  Numbered e;
  const Events before = {
      e("output_item.added", item(0, kMessage)), e("output_text.delta", delta("msg_9", 0, "a")),
      e("output_text.delta", delta("msg_9", 0, "b")), e("output_text.delta", delta("msg_9", 0, "c"))};
  Events events = before;
  events.push_back(bare("{"));
  const Events out = events_of(refuse(events));
  EXPECT_EQ(Events(out.begin(), out.begin() + 4), before);
  expect_message(out, 4, "msg_refused", 1, 4);
}

TEST(ResponsesToolCalls, RefusesWhatOnlyTheClosingEventTells) {
  Numbered e;
  const std::string created = e("created", response("", "in_progress"));
  const std::string kF = function("fc_1", "f", "{}");
  const Events out =
      events_of(refuse({created, e("failed", response(kReasoning + "," + kF + "," + kF, "failed"))}));
  ASSERT_EQ(out.size(), 8u);
  EXPECT_EQ(out[0], created);
  expect_message(out, 1, "msg_fc_1", 1, 1);
  EXPECT_EQ(out[7], Numbered(7)("failed", response(kReasoning + "," + message("msg_fc_1"), "failed")));
}

TEST(ResponsesToolCalls, RefusesStreamsThatBeginInTheMiddle) {
  Numbered e(70);
  const std::string kF = function("fc_1", "f", "{}");
  const Events out =
      events_of(refuse({e("function_call_arguments.delta", delta("fc_1", 2, "}")),
                        e("output_item.done", item(2, kF)), e("output_item.added", item(3, kMessage)),
                        e("completed", response(kReasoning + "," + kSearch + "," + kF + "," + kMessage))}));
  ASSERT_EQ(out.size(), 8u);
  expect_message(out, 0, "msg_fc_1", 2, 70);
  Numbered later(76);
  EXPECT_EQ(out[6], later("output_item.added", item(3, kMessage)));
  EXPECT_EQ(out[7], later("completed",
                          response(kReasoning + "," + kSearch + "," + message("msg_fc_1") + "," + kMessage)));

  // A response that goes on in the background says what it has so far.
  Numbered b(5);
  const Events resumed = events_of(
      refuse({b("in_progress", response(kReasoning + "," + kF, "in_progress")),
              b("output_item.done", item(1, kF)), b("completed", response(kReasoning + "," + kF))}));
  ASSERT_EQ(resumed.size(), 8u);
  EXPECT_EQ(resumed[0],
            Numbered(5)("in_progress", response(kReasoning + "," + message("msg_fc_1"), "in_progress")));
  expect_message(resumed, 1, "msg_fc_1", 1, 6);
  EXPECT_EQ(resumed[7], Numbered(12)("completed", response(kReasoning + "," + message("msg_fc_1"))));
}

TEST(ResponsesToolCalls, PutsAMessageWhereSomethingWasUnread) {
  Numbered e;
  const std::string first = e("output_item.done", item(0, kReasoning));
  Numbered behind(2);
  const Events out =
      events_of(refuse({first, bare("{"), bare("}"), behind("output_item.done", item(1, kMessage)),
                        behind("completed", response(kReasoning + "," + kMessage))}));
  ASSERT_EQ(out.size(), 9u);
  EXPECT_EQ(out[0], first);
  expect_message(out, 1, "msg_refused", 1, 1);
  Numbered later(7);
  EXPECT_EQ(out[7], later("output_item.done", item(2, kMessage)));
  EXPECT_EQ(out[8], later("completed", response(kReasoning + "," + message("msg_refused") + "," + kMessage)));
}

// As the gate does it where an event was too long to be kept: it never was an event for the reader.
TEST(ResponsesToolCalls, PutsAMessageWhereSomethingCouldNotBeKept) {
  Numbered e;
  const Events events = {
      e("output_item.done", item(0, kReasoning)), e("output_text.delta", delta("msg_9", 1, "a")),
      e("output_text.delta", delta("msg_9", 1, "b")), e("output_item.done", item(1, kMessage))};
  const auto reader = make_responses_tool_calls();
  std::string out;
  EXPECT_EQ(on_event(*reader, events[0]), kHarmless);
  for (int i = 0; i < 2; ++i) reader->refuse_event("", kRefusal, out);
  for (const std::string& one : Events(events.begin() + 1, events.end())) {
    EXPECT_EQ(on_event(*reader, one), kHarmless);
    reader->refuse_event(one, kRefusal, out);
  }
  const Events own = events_of(out);
  ASSERT_EQ(own.size(), 9u);
  expect_message(own, 0, "msg_refused", 1, 1);
  Numbered later(7);
  EXPECT_EQ(own[6], later("output_text.delta", delta("msg_9", 2, "a")));
  EXPECT_EQ(own[7], later("output_text.delta", delta("msg_9", 2, "b")));
  EXPECT_EQ(own[8], later("output_item.done", item(2, kMessage)));
}

// Nothing is left of an item that cannot be told from a call.
TEST(ResponsesToolCalls, LeavesOutAllOfAnItemThatSharesItsIdWithACall) {
  Numbered e;
  const std::string kHosted =
      R"({"type":"shell_call","id":"fc_1","environment":{"type":"container_reference"}})";
  const auto reader = make_responses_tool_calls();
  const Events events = {bare("{"), e("output_item.added", item(3, kHosted)),
                         e("output_item.added", item(4, function("fc_1", "f", ""))),
                         e("shell_call_command.delta", at(3) + R"(,"delta":"ls")")};
  std::string out;
  for (const std::string& one : events) on_event(*reader, one);
  for (const std::string& one : events) reader->refuse_event(one, kRefusal, out);
  EXPECT_EQ(events_of(out).size(), 6u) << out;
  EXPECT_THAT(read(events_of(out)).kinds, testing::Each(kHarmless));
}

TEST(ResponsesToolCalls, LeavesEventsWithoutNumbersWithoutThem) {
  const std::string done = bare(R"({"type":"response.completed","response":{"output":[]} , "x":1.0})");
  const Events out = events_of(refuse(
      {bare("{\"type\":\"response.output_item.added\",\"item\":" + function("", "f", "") + "}"), done}));
  ASSERT_EQ(out.size(), 7u);
  expect_message(out, 0, "msg_refused", 0, 0);
  EXPECT_EQ(out[6], bare(R"({"type":"response.completed","response":{"output":[)" + message("msg_refused") +
                         R"(]},"x":1.0})"));
}

// --- A whole answer ---------------------------------------------------------------------------------------

TEST(ResponsesToolCalls, ReadsAndRefusesAWholeAnswer) {
  const auto answer = [](std::string_view output) {
    return R"({"id":"resp_1","object":"response","output":[)" + std::string(output) +
           R"(],"usage":{"input_tokens":1.0}})";
  };
  const std::string whole =
      answer(kReasoning + "," + kSearch + "," + function("fc_1", "f", "1") + "," + kMessage + "," +
             function("fc_2", "f", "1") + R"(,{"type":"custom_tool_call","name":"g","input":"\n"})");
  const auto reader = make_responses_tool_calls();
  const http::ExactCopy exact(whole);
  EXPECT_EQ(reader->on_body(exact.view(), 0), kToolCall);
  EXPECT_THAT(reader->calls(), ElementsAre(ToolCall{"f", "1"}, ToolCall{"f", "1"}, ToolCall{"g", R"("\n")"}));
  std::string out;
  reader->refuse_body(exact.view(), kRefusal, out);
  EXPECT_EQ(out, answer(kReasoning + "," + kSearch + "," + message("msg_fc_1") + "," + kMessage));

  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_EQ(make_responses_tool_calls()->on_body(http::ExactCopy(whole.substr(0, size)).view(), 0), kUnread)
        << size;
}

TEST(ResponsesToolCalls, AnswersInThePlaceOfABodyThatIsUnread) {
  for (const std::string_view body :
       {"", "x", "[]", R"({"output":{}})", R"({"output":[{}]})", R"({"output":[],"output":[]})"}) {
    const auto reader = make_responses_tool_calls();
    EXPECT_EQ(reader->on_body(body, 0), kUnread) << body;
    std::string out;
    reader->refuse_body(body, kRefusal, out);
    const auto root = json::View::parse(out);
    ASSERT_TRUE(root) << out;
    json::View output;
    EXPECT_TRUE(root->pick({{"output", &output}}));
    EXPECT_EQ(output.raw(), "[" + message("msg_refused") + "]");
  }
  for (const std::string_view body : {R"({"output":[]})", R"({"error":{}})", "{}"})
    EXPECT_EQ(make_responses_tool_calls()->on_body(body, 0), kHarmless) << body;
}

}  // namespace
}  // namespace archestra::providers::openai
