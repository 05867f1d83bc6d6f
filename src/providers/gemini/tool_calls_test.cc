#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"
#include "http/test_splits.h"
#include "providers/gemini/tools.h"
#include "providers/json_view.h"
#include "providers/test_refused_stream.h"

namespace archestra::providers::gemini {
namespace {

using json::View;
using testing::ElementsAre;
using testing::IsEmpty;
using enum EventKind;

constexpr std::string_view kRefusal = "No \"wire\"\nallowed.";
constexpr std::string_view kRefusalPart = R"({"text":"No \"wire\"\nallowed."})";

using Events = std::vector<std::string>;
using Calls = std::vector<ToolCall>;

std::string event(std::string_view data) { return "data: " + std::string(data) + "\r\n\r\n"; }
// What is written anew has plain line ends.
std::string rewritten(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

// A chunk whose only candidate has these parts.
std::string chunk(std::string_view parts, std::string_view rest = "") {
  return R"({"candidates": [{"content": {"parts": )" + std::string(parts) +
         R"(,"role": "model"},"index": 0)" + std::string(rest) +
         R"(}],"usageMetadata": {"promptTokenCount": 9}})";
}
std::string part_call(std::string_view members) {
  return R"({"functionCall":{)" + std::string(members) + "}}";
}
std::string chunk_call(std::string_view members) { return chunk("[" + part_call(members) + "]"); }

// What stands for a chunk that could not be read.
std::string ours() {
  return R"({"candidates":[{"content":{"parts":[)" + std::string(kRefusalPart) +
         R"(],"role":"model"},"finishReason":"STOP","index":0}]})";
}

Calls calls_of(const ToolCallReader& reader) { return {reader.calls().begin(), reader.calls().end()}; }

EventKind kind_of(std::string_view raw) {
  const auto reader = make_tool_call_reader();
  const http::ExactCopy exact(raw);
  return reader->on_event(exact.view());
}

void expect_without_calls(const Events& events) {
  const auto reader = make_tool_call_reader();
  for (const std::string& each : events) {
    SCOPED_TRACE(each);
    EXPECT_EQ(reader->on_event(each), kHarmless);
  }
  EXPECT_THAT(calls_of(*reader), IsEmpty());
}

Events split(std::string_view bytes) {
  http::SseReader reader(bytes.size() + 1);
  reader.feed(bytes);
  Events events;
  while (const auto next = reader.next()) events.emplace_back(next->raw);
  EXPECT_EQ(reader.unfinished(), "");
  return events;
}

std::string refused(const Events& events) {
  const auto reader = make_tool_call_reader();
  std::string sent = refuse_stream(*reader, events, kRefusal);
  expect_without_calls(split(sent));
  for (std::size_t kept = 0; kept <= events.size(); ++kept) {
    SCOPED_TRACE(kept);
    const auto early = make_tool_call_reader();
    EXPECT_EQ(refuse_early(*early, events, kept, kRefusal), sent);
  }
  return sent;
}

// The same chunks as elements of an array: one text for each, "" for one of which nothing is left.
Events refused_elements(const Events& elements) {
  const auto reader = make_tool_call_reader();
  const HeldStream stream = read_stream(*reader, elements);
  Events sent;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const bool is_held = i + stream.held.size() >= elements.size();
    if (is_held)
      reader->refuse_event(elements[i], kRefusal, sent.emplace_back());
    else
      sent.push_back(elements[i]);
  }
  Events not_empty;
  for (const std::string& each : sent)
    if (!each.empty()) not_empty.push_back(each);
  expect_without_calls(not_empty);
  return sent;
}

// --- Reading

TEST(GeminiToolCalls, KnowsWhatMayLeave) {
  const std::string chunks[] = {
      chunk(R"([{"text":"functionCall"}])"),
      chunk(R"([{"text":"a","thought":true,"thoughtSignature":"x"}])", R"(,"finishReason":"STOP")"),
      chunk("[]", R"(,"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"x")"),
      chunk("null"),
      chunk(
          R"([{"executableCode":{"language":"PYTHON","code":"functionCall"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK"}}])"),
      chunk(
          R"([{"toolCall":{"toolType":"GOOGLE_SEARCH_WEB","args":{},"id":"1"}},{"toolResponse":{"toolType":"x","id":"1"}}])"),
      chunk(R"([{"functionCall":null,"text":"a"}])"),
      R"({"candidates":[{"finishReason":"SAFETY"}]})",
      R"({"candidates":[{"content":null}]})",
      R"({"candidates":[]})",
      R"({"candidates":null,"promptFeedback":{"blockReason":"SAFETY"}})",
      R"({"usageMetadata":{},"modelVersion":"m"})",
      R"({"error":{"code":503,"status":"UNAVAILABLE"}})",
      "{}"};
  for (const std::string& data : chunks) {
    SCOPED_TRACE(data);
    EXPECT_EQ(kind_of(event(data)), kHarmless);
    EXPECT_EQ(kind_of(data), kHarmless);
  }
  for (const std::string_view raw :
       {"\n", ": comment\n\n", "data:\n\n", "data: [DONE]\n\n", "event: x\n\n"}) {
    SCOPED_TRACE(raw);
    EXPECT_EQ(kind_of(raw), kHarmless);
  }
}

TEST(GeminiToolCalls, KnowsCalls) {
  const std::string chunks[] = {
      chunk_call(R"("name":"f","args":{})"),
      chunk(R"([{"text":"a"},{"thoughtSignature":"x","functionCall":{"name":"f"}}])"),
      chunk(R"([{"function_call":{"name":"f"}}])"),
      chunk(R"([{"f\u0075nctionCall":{"n\u0061me":"f"}}])"),
      R"({"candidates":[{"content":{"parts":[{"text":"a"}]}},{"index":1,"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})",
      R"({"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"a","functionCall":{"name":"f"}}]}}]})"};
  for (const std::string& data : chunks) {
    SCOPED_TRACE(data);
    EXPECT_EQ(kind_of(event(data)), kToolCall);
    EXPECT_EQ(kind_of(data), kToolCall);
  }
  EXPECT_EQ(kind_of("data: {\"candidates\":[{\"content\":{\"parts\":[\ndata: "
                    "{\"functionCall\":{\"name\":\"f\"}}]}}]}\n\n"),
            kToolCall);
}

TEST(GeminiToolCalls, TakesNothingForHarmlessThatOthersMayReadOtherwise) {
  const std::string kData[] = {
      // no JSON, or JSON to some
      "{", "{}}", "{'candidates':[]}", R"({"candidates":[],})", "\xff",
      // no chunk
      "[]", "1",
      // members that stand there twice, also in another spelling
      R"({"candidates":[],"candidates":[]})", R"({"candidates":[],"c\u0061ndidates":[]})",
      R"({"candidates":[{"content":{},"content":{}}]})",
      R"({"candidates":[{"content":{"parts":[],"parts":[]}}]})", R"({"candidates":[{"index":0,"index":1}]})",
      chunk(R"([{"functionCall":null,"functionCall":{"name":"f"}}])"),
      chunk(R"([{"functionCall":{"name":"f"},"function_call":null}])"),
      chunk_call(R"("name":"f","name":"g")"), chunk_call(R"("name":"f","args":{},"args":{})"),
      chunk_call(R"("name":"f","partialArgs":[],"partial_args":[])"),
      // values of other kinds
      R"({"candidates":{"content":{"parts":[{"functionCall":{"name":"f"}}]}}})", R"({"candidates":"x"})",
      R"({"candidates":[[]]})", R"({"candidates":[null]})", R"({"candidates":[{"content":[]}]})",
      R"({"candidates":[{"content":"x"}]})", R"({"candidates":[{"index":"0"}]})",
      R"({"candidates":[{"index":-1}]})", chunk(R"({"functionCall":{"name":"f"}})"), chunk(R"("x")"),
      chunk("[null]"), chunk("[[]]"), chunk(R"([{"functionCall":"f"}])"), chunk(R"([{"functionCall":[]}])"),
      chunk_call(R"("name":1)"), chunk_call(R"("name":"\ud800")"),
      chunk_call(R"("name":"f","willContinue":"true")"), chunk_call(R"("name":"f","partialArgs":{})"),
      // a piece of a call that nobody has seen
      chunk_call(R"("args":{})"), chunk_call(R"("partialArgs":[])"), chunk_call(R"("willContinue":true)")};
  for (const std::string& data : kData) {
    SCOPED_TRACE(data);
    EXPECT_EQ(kind_of(event(data)), kUnread);
    if (data.starts_with('{')) EXPECT_EQ(kind_of(data), kUnread);
  }
  EXPECT_EQ(kind_of("{\"candidates\":[]]"), kUnread);  // brackets that do not match
  // Lines that are no fields, which some SDKs read nevertheless
  for (const std::string_view data : {"{}", R"({"candidates":[]})"}) {
    EXPECT_EQ(kind_of("{x\ndata: " + std::string(data) + "\n\n"), kUnread);
    EXPECT_EQ(kind_of(std::string(data) + "\n\n"), kUnread);
    EXPECT_EQ(kind_of("data: {}\r\n" + std::string(data) + "\r\n\r\n"), kUnread);
    EXPECT_EQ(kind_of(" " + std::string(data) + "\n\n"), kUnread);
  }
  EXPECT_EQ(kind_of("\xEF\xBB\xBFid: 1\nevent: x\nretry: 5\n: {}\ndata: {}\n\n"), kHarmless);
}

TEST(GeminiToolCalls, PutsCallsTogether) {
  struct Case {
    std::string_view title;
    Events chunks;
    Calls calls;
  };
  const std::string kMore = R"(,"willContinue":true)";
  const Case kCases[] = {
      {"at once", {chunk_call(R"("name":"f","args":{"a" : 1},"id":"x")")}, {{"f", R"({"a" : 1})"}}},
      {"without arguments",
       {chunk_call(R"("name":"f")"), chunk_call(R"("name":"g","args":null)")},
       {{"f", ""}, {"g", ""}}},
      {"several in a chunk",
       {chunk("[" + part_call(R"("name":"f","args":{"a":1})") + "," + part_call(R"("name":"g","args":{})") +
              "]")},
       {{"f", R"({"a":1})"}, {"g", "{}"}}},
      {"of several candidates",
       {R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}},{"content":{"parts":[{"functionCall":{"name":"g"}}]}}]})"},
       {{"f", ""}, {"g", ""}}},
      {"an empty name", {chunk_call(R"("name":"")")}, {{"", ""}}},
      {"in pieces",
       {chunk_call(R"("name":"f")" + kMore), chunk(R"([{"text":"x"}])"),
        chunk_call(R"("partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}])" + kMore),
        chunk_call(
            R"("partial_args":[{"jsonPath":"$.a","stringValue":"y"},{"jsonPath":"$.b[0]","numberValue":1}],"will_continue":true)"),
        chunk_call("")},
       {{"f", R"({"a":"xy","b":[1]})"}}},
      {"with the first piece at once",
       {chunk_call(R"("name":"f","partialArgs":[{"jsonPath":"$.a","boolValue":true}])")},
       {{"f", R"({"a":true})"}}},
      {"a value goes on, and so does the call",
       {chunk_call(R"("name":"f","partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}])"),
        chunk_call(R"("partialArgs":[{"jsonPath":"$.a","stringValue":"y"}])")},
       {{"f", R"({"a":"xy"})"}}},
      {"pieces without any",
       {chunk_call(R"("name":"f")" + kMore), chunk_call(R"("willContinue":false)")},
       {{"f", "{}"}}},
      {"another behind it",
       {chunk("[" + part_call(R"("name":"f")" + kMore) + "," + part_call("") + "," +
              part_call(R"("name":"g","args":{})") + "]")},
       {{"f", "{}"}, {"g", "{}"}}},
      {"an end that comes twice",
       {chunk_call(R"("name":"f")" + kMore), chunk_call(""), chunk_call("")},
       {{"f", "{}"}}},
      {"of two candidates at a time",
       {R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}},{"content":{"parts":[{"functionCall":{"name":"g","willContinue":true}}]}}]})",
        R"({"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.b","numberValue":1}]}}]}},{"index":0,"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","numberValue":0}]}}]}}]})"},
       {{"f", R"({"a":0})"}, {"g", R"({"b":1})"}}},
      // Readers differ, or nobody knows.
      {"no object",
       {chunk_call(R"("name":"f","args":"{}")"), chunk_call(R"("name":"g","args":[])")},
       {{"f", "", false}, {"g", "", false}}},
      {"cut off",
       {chunk_call(R"("name":"f")" + kMore),
        chunk_call(R"("partialArgs":[{"jsonPath":"$.a","numberValue":1}])" + kMore)},
       {{"f", "", false}}},
      {"another before its end",
       {chunk_call(R"("name":"f")" + kMore), chunk_call(R"("name":"g")")},
       {{"f", "", false}, {"g", ""}}},
      {"arguments in both forms",
       {chunk_call(R"("name":"f","args":{"a":1},"partialArgs":[{"jsonPath":"$.a","numberValue":2}])")},
       {{"f", "", false}}},
      {"arguments in a further piece",
       {chunk_call(R"("name":"f")" + kMore), chunk_call(R"("args":{"a":1})")},
       {{"f", "", false}}},
      {"a value without a place",
       {chunk_call(R"("name":"f","partialArgs":[{"jsonPath":"$[0]","numberValue":2}])" + kMore),
        chunk_call(R"("partialArgs":[{"jsonPath":"$.a","numberValue":2}])")},
       {{"f", "", false}}},
  };
  for (const Case& c : kCases) {
    for (const bool is_array : {false, true}) {
      SCOPED_TRACE(std::string(c.title) + (is_array ? ", an array" : ""));
      const auto reader = make_tool_call_reader();
      for (const std::string& data : c.chunks)
        EXPECT_NE(reader->on_event(is_array ? data : event(data)), kUnread) << data;
      Calls calls = calls_of(*reader);
      for (ToolCall& call : calls)
        if (!call.arguments_are_readable) call.arguments.clear();
      EXPECT_EQ(written(calls), written(c.calls));
    }
  }
}

TEST(GeminiToolCalls, KeepsNoMoreThanItMay) {
  const auto reader = make_tool_call_reader();
  const std::string large(ToolCallReader::kArgumentBytesMax, 'x');
  EXPECT_EQ(reader->on_event(chunk_call(R"("name":"f","args":{"a":")" + large + "\"}")), kToolCall);
  ASSERT_EQ(reader->calls().size(), 1U);
  EXPECT_FALSE(reader->calls()[0].arguments_are_readable);
  EXPECT_EQ(reader->calls()[0].arguments, "");
  EXPECT_EQ(reader->on_event(chunk_call(R"("name":")" + large + "\"")), kUnread);

  const auto many = make_tool_call_reader();
  for (std::size_t i = 0; i < ToolCallReader::kCallsMax; ++i)
    EXPECT_EQ(many->on_event(chunk_call(R"("name":"f")")), kToolCall);
  EXPECT_EQ(many->on_event(chunk_call(R"("name":"f")")), kUnread);
  EXPECT_EQ(many->calls().size(), ToolCallReader::kCallsMax);

  const auto open = make_tool_call_reader();
  int candidate = 0;
  while (open->on_event(R"({"candidates":[{"index":)" + std::to_string(candidate) +
                        R"(,"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]})") ==
         kToolCall)
    ASSERT_LT(++candidate, 1000);
}

// --- Refusing

TEST(GeminiToolCalls, PutsATextInThePlaceOfCalls) {
  const std::string words = event(chunk(R"([{"text":"I will"}])"));
  EXPECT_EQ(
      refused(
          {words,
           event(chunk(
               R"([{"text":"now"},{"functionCall":{"name":"f"},"thoughtSignature":"x"} , {"functionCall":{"name":"g"}}])")),
           event(chunk(R"([{"text":"later"}])")), ": comment\n\n",
           event(chunk(R"([{"text":""}])", R"(,"finishReason": "STOP")"))}),
      words + rewritten(chunk(R"([{"text":"now"},)" + std::string(kRefusalPart) + "]")) +
          event(chunk(R"([{"text":"later"}])")) + ": comment\n\n" +
          event(chunk(R"([{"text":""}])", R"(,"finishReason": "STOP")")));
}

TEST(GeminiToolCalls, KeepsTheEndOfWhatHadOnlyCalls) {
  const std::string first = chunk("[" + std::string(kRefusalPart) + "]");
  // In one chunk with the call
  EXPECT_EQ(refused({event(chunk("[" + part_call(R"("name":"f")") + "]", R"(,"finishReason":"STOP")"))}),
            rewritten(chunk("[" + std::string(kRefusalPart) + "]", R"(,"finishReason":"STOP")")));
  // A chunk that has only calls goes, but not what says how it ended or what it cost.
  EXPECT_EQ(
      refused({event(chunk_call(R"("name":"f","willContinue":true)")),
               event(chunk_call(R"("partialArgs":[{"jsonPath":"$.a","numberValue":1}],"willContinue":true)")),
               event(chunk("[" + part_call("") + "]", R"(,"finishReason":"MALFORMED_FUNCTION_CALL")"))}),
      rewritten(first) +
          rewritten(chunk(R"([{"text":""}])", R"(,"finishReason":"MALFORMED_FUNCTION_CALL")")));
  EXPECT_EQ(
      refused({event(chunk_call(R"("name":"f")")), event(chunk_call(R"("name":"g")")),
               event(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":1}})")}),
      rewritten(first) +
          event(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":1}})"));
}

TEST(GeminiToolCalls, RefusesEachCandidate) {
  const auto two = [](std::string_view zero, std::string_view one) {
    return R"({"candidates":[{"content":{"parts":)" + std::string(zero) + R"(}},{"content":{"parts":)" +
           std::string(one) + R"(},"index":1}],"modelVersion":"m"})";
  };
  const std::string call = "[" + part_call(R"("name":"f")") + "]";
  const std::string refusal = "[" + std::string(kRefusalPart) + "]";
  EXPECT_EQ(refused({event(two(R"([{"text":"a"}])", call)), event(two(call, call)),
                     event(two(call, R"([{"text":"b"}])")), event(two(call, call))}),
            rewritten(two(R"([{"text":"a"}])", refusal)) + rewritten(two(refusal, R"([{"text":""}])")) +
                rewritten(two(R"([{"text":""}])", R"([{"text":"b"}])")));
}

TEST(GeminiToolCalls, LeavesOutWhatItCannotRead) {
  const std::string words = event(chunk(R"([{"text":"a"}])"));
  EXPECT_EQ(refused({words, event("{"), words, event("{"), words}),
            words + rewritten(ours()) + words + words);
  EXPECT_EQ(refused({event(chunk_call(R"("name":"f")")), event("{"), words}),
            rewritten(chunk("[" + std::string(kRefusalPart) + "]")) + words);
  EXPECT_EQ(refused({event("{"), event(chunk("[" + part_call(R"("name":"f")") + R"(,{"text":"b"}])"))}),
            rewritten(ours()) + rewritten(chunk(R"([{"text":"b"}])")));
  const auto reader = make_tool_call_reader();
  std::string sent;
  reader->on_event(event(chunk_call(R"("name":"f")")));
  reader->refuse_event("", kRefusal, sent);
  reader->refuse_event("", kRefusal, sent);
  EXPECT_EQ(sent, rewritten(ours()));
}

TEST(GeminiToolCalls, RefusesElementsOfAnArray) {
  EXPECT_EQ(refused({"{x\ndata: {\n\n"}), rewritten(ours()));
  const std::string words = chunk(R"([{"text":"a"}])");
  EXPECT_THAT(refused_elements({words, chunk_call(R"("name":"f")"), chunk_call(R"("name":"g")"), words}),
              ElementsAre(words, chunk("[" + std::string(kRefusalPart) + "]"), "", words));
  EXPECT_THAT(refused_elements({words, "{\"candidates\":1}", words}), ElementsAre(words, ours(), words));
  // What is none, although it would be an event
  EXPECT_THAT(refused_elements({words, "data: " + chunk_call(R"("name":"f")"), words}),
              ElementsAre(words, ours(), words));
  const auto reader = make_tool_call_reader();
  std::string sent;
  reader->on_event(words);
  reader->refuse_event("", kRefusal, sent);
  EXPECT_EQ(sent, ours());
}

TEST(GeminiToolCalls, WritesTheFormThatWasAskedForBeforeItHasSeenOne) {
  for (const ChunkForm form : {ChunkForm::kEvents, ChunkForm::kElements}) {
    std::string sent;
    make_tool_call_reader(form)->refuse_event("", kRefusal, sent);
    EXPECT_EQ(sent, form == ChunkForm::kEvents ? rewritten(ours()) : ours());
    const auto reader = make_tool_call_reader(form);
    sent.clear();
    reader->on_event(event("{}"));
    reader->refuse_event("", kRefusal, sent);
    EXPECT_EQ(sent, rewritten(ours()));
  }
}

TEST(GeminiToolCalls, RefusesBodies) {
  const auto refused_body = [](std::string_view body, EventKind kind) {
    const auto reader = make_tool_call_reader();
    const http::ExactCopy exact(body);
    EXPECT_EQ(reader->on_body(exact.view(), 0), kind);
    std::string out;
    reader->refuse_body(body, kRefusal, out);
    EXPECT_EQ(make_tool_call_reader()->on_body(out, 0), kHarmless) << out;
    return out;
  };
  EXPECT_EQ(
      refused_body(chunk(R"([{"text":"a"},{"functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}])",
                         R"(,"finishReason":"STOP")"),
                   kToolCall),
      chunk(R"([{"text":"a"},)" + std::string(kRefusalPart) + "]", R"(,"finishReason":"STOP")"));
  for (const std::string_view body : {"", "<html>", R"([{"candidates":[]}])", R"({"candidates":{}})"})
    EXPECT_EQ(refused_body(body, kUnread), ours());

  const auto reader = make_tool_call_reader();
  EXPECT_EQ(reader->on_body(chunk_call(R"("name":"f","args":{"a":1})"), 0), kToolCall);
  EXPECT_EQ(written(calls_of(*reader)), written(Calls{{"f", R"({"a":1})"}}));
  EXPECT_EQ(make_tool_call_reader()->on_body(chunk(R"([{"text":"a"}])"), 0), kHarmless);
}

}  // namespace
}  // namespace archestra::providers::gemini
