#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"
#include "http/test_splits.h"
#include "providers/anthropic/messages.h"

namespace archestra::providers::anthropic {
namespace {

using call::Provenance;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kSlack = 64;

ResponseFacts read_body(std::string_view body) {
  const auto scan = make_messages_scan();
  const http::ExactCopy exact(body);
  scan->on_body(exact.view(), 0);
  return scan->facts();
}

class Stream {
 public:
  void raw(std::string_view event) {
    const http::ExactCopy exact(event);
    EXPECT_EQ(scan_->on_event(exact.view()), Verdict::kPass);
  }
  void data(std::string_view json) { raw("event: any\ndata: " + std::string(json) + "\n\n"); }
  void delta(std::string_view members) {
    data(R"({"type":"content_block_delta","index":0,"delta":{)" + std::string(members) + "}}");
  }
  void start(std::string_view members) {
    data(R"({"type":"content_block_start","index":0,"content_block":{)" + std::string(members) + "}}");
  }
  void message_usage(std::string_view usage) {
    data(R"({"type":"message_start","message":{"id":"msg_1","usage":)" + std::string(usage) + "}}");
  }
  void delta_usage(std::string_view usage) {
    data(R"({"type":"message_delta","delta":{"stop_reason":null},"usage":)" + std::string(usage) + "}");
  }
  const ResponseFacts& facts() const { return scan_->facts(); }

 private:
  std::unique_ptr<ResponseScan> scan_ = make_messages_scan();
};

struct Figures {
  std::uint64_t input = 0, output = 0, cache_read = 0, cache_write = 0, reasoning = 0;
  bool operator==(const Figures&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Figures& f) {
  return out << f.input << "," << f.output << "," << f.cache_read << "," << f.cache_write << ","
             << f.reasoning;
}

Figures figures(const ResponseFacts& facts) {
  const call::Usage& u = facts.usage;
  return {u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, u.reasoning_tokens};
}

// --- A whole answer ---------------------------------------------------------------------------------------

TEST(MessagesResponse, ReadsAWholeAnswer) {
  const ResponseFacts facts = read_body(R"({
    "model": "claude-x-1", "id": "msg_01", "type": "message", "role": "assistant",
    "content": [{"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
                {"type": "text", "text": "Hi \"there\" \ud83d\ude00"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"type": "tool_use"}},
                {"id": "toolu_2", "input": {}, "name": "g", "type": "tool_use"},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
                {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "h", "input": {}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "tool_use"}]}],
    "stop_reason": "tool_use", "stop_sequence": null,
    "usage": {"input_tokens": 10, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 3000,
              "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 0},
              "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 7}, "service_tier": "standard",
              "server_tool_use": {"web_search_requests": 1}, "iterations": [{"input_tokens": 5}]}})");
  EXPECT_EQ(facts.id, "msg_01");
  EXPECT_EQ(facts.model, "claude-x-1");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("tool_use"));
  EXPECT_EQ(facts.tool_calls, 2u);
  EXPECT_EQ(facts.error_type, "");
  EXPECT_EQ(facts.usage.provenance, Provenance::kProvider);
  EXPECT_EQ(figures(facts), (Figures{3210, 50, 3000, 200, 7}));
}

TEST(MessagesResponse, ReadsUsageAsFarAsItIsThere) {
  struct Case {
    std::string_view usage;
    Figures expected;
  };
  constexpr Case kCases[] = {
      {R"({"input_tokens":1,"output_tokens":2})", {1, 2}},
      {R"({"output_tokens":2,"input_tokens":1})", {1, 2}},
      {R"({"input_tokens":1})", {1}},
      {R"({"output_tokens":2})", {0, 2}},
      {R"({"cache_read_input_tokens":4,"output_tokens":2,"input_tokens":1})", {5, 2, 4}},
      {R"({"cache_creation_input_tokens":8,"cache_read_input_tokens":4,"input_tokens":1})", {13, 0, 4, 8}},
      {R"({"input_tokens":1,"cache_creation_input_tokens":null,"cache_read_input_tokens":null})", {1}},
      {R"({"input_tokens":1,"input_tokens":3})", {3}},
      {R"({"output_tokens":5,"output_tokens_details":{"thinking_tokens":4}})", {0, 5, 0, 0, 4}},
      {R"({"output_tokens":5,"output_tokens_details":null})", {0, 5}},
      {R"({"output_tokens":5,"output_tokens_details":[{"thinking_tokens":4}]})", {0, 5}},
      // The names count in their own places only.
      {R"({"input_tokens":1,"thinking_tokens":4,"cache_creation":{"input_tokens":9}})", {1}},
      {R"({"input_tokens":1,"iterations":[{"input_tokens":9,"output_tokens":9}]})", {1}},
      // What is no count is not taken.
      {R"({"input_tokens":-1,"output_tokens":2})", {0, 2}},
      {R"({"input_tokens":1.5,"output_tokens":2})", {0, 2}},
      {R"({"input_tokens":"1","output_tokens":2})", {0, 2}},
      {R"({"input_tokens":{"a":[1]},"output_tokens":2})", {0, 2}},
      // A sum that cannot be does not wrap.
      {R"({"input_tokens":18446744073709551615,"cache_read_input_tokens":2})", {18446744073709551615u, 0, 2}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.usage);
    const ResponseFacts body = read_body(R"({"usage":)" + std::string(c.usage) + R"(,"id":"behind"})");
    EXPECT_EQ(figures(body), c.expected);
    EXPECT_EQ(body.usage.provenance, Provenance::kProvider);
    EXPECT_EQ(body.id, "behind") << "reading goes on behind the usage";
    Stream stream;
    stream.delta_usage(c.usage);
    EXPECT_EQ(figures(stream.facts()), c.expected);
    EXPECT_EQ(stream.facts().usage.provenance, Provenance::kProvider);
    Stream begun;
    begun.message_usage(c.usage);
    EXPECT_EQ(figures(begun.facts()), c.expected);
    EXPECT_EQ(begun.facts().usage.provenance, Provenance::kEstimate);
  }
}

TEST(MessagesResponse, KnowsNoUsageWhereThereIsNone) {
  for (const char* usage : {"null", "{}", "[]", "7", R"("input_tokens")", R"({"input_tokens":null})",
                            R"({"service_tier":"standard"})", R"({"x":{"input_tokens":1}})"}) {
    Stream stream;
    stream.message_usage(usage);
    stream.delta_usage(usage);
    for (const ResponseFacts& facts :
         {read_body(R"({"usage":)" + std::string(usage) + "}"),
          read_body(R"({"x":{"usage":{"input_tokens":1}},"content":[{"usage":{"input_tokens":1}}]})"),
          stream.facts()}) {
      EXPECT_EQ(facts.usage.provenance, Provenance::kUnknown) << usage;
      EXPECT_EQ(figures(facts), Figures{}) << usage;
    }
  }
}

TEST(MessagesResponse, WhatIsNoJsonObjectTellsNothing) {
  for (const std::string_view body :
       {std::string_view(""), std::string_view(" "), std::string_view("null"),
        std::string_view("<html></html>"), std::string_view("{"), std::string_view("}"),
        std::string_view(R"([{"id":"a"}])"), std::string_view(R"({"id":"a","usage":{"input_tokens":12)"),
        std::string_view(R"({"id":"a","usage":{"input_tokens":12})"),
        std::string_view(R"({"id":"a","usage":{"input_tokens":12}},)"),
        std::string_view(R"({"id":"a","usage":{"input_tokens":12}}})"),
        std::string_view(R"({"id":"a","usage":{"input_tokens":12}} {})"),
        std::string_view(R"({"id":"a","content":[{"type":"tool_use"})"),
        std::string_view("{\"id\":\"a\",\"x\":\"\xFF\"}"), std::string_view("\xEF\xBB\xBF{\"id\":\"a\"}")}) {
    for (const char behind : {' ', '}', '3', ',', '"', ']'}) {
      const std::string with_slack = std::string(body) + std::string(kSlack, behind);
      const auto scan = make_messages_scan();
      scan->on_body(std::string_view(with_slack).substr(0, body.size()), kSlack);
      EXPECT_EQ(scan->facts().id, "") << body;
      EXPECT_EQ(scan->facts().tool_calls, 0u) << body;
      EXPECT_EQ(scan->facts().usage.provenance, Provenance::kUnknown) << body << " followed by " << behind;
    }
    EXPECT_EQ(read_body(body).id, "") << body;
  }
}

TEST(MessagesResponse, ReadsErrors) {
  struct Case {
    std::string_view body;
    std::string_view type;
  };
  constexpr Case kCases[] = {
      {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"})",
       "overloaded_error"},
      {R"({"error":{"message":"no","type":"api_error"},"type":"error"})", "api_error"},
      {R"({"type":"error","error":{}})", "error"},
      {R"({"type":"error","error":{"type":null}})", "error"},
      {R"({"type":"error","error":{"type":""}})", "error"},
      {R"({"type":"error","error":null})", ""},
      {R"({"type":"error","error":"no"})", ""},
      {R"({"type":"error"})", ""},
      {R"({"x":{"error":{"type":"b"}},"content":[{"error":{"type":"b"}}]})", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(read_body(c.body).error_type, c.type) << c.body;
    Stream stream;
    stream.data(c.body);
    EXPECT_EQ(stream.facts().error_type, c.type) << c.body;
    EXPECT_EQ(stream.facts().content_events, 0u);
  }
}

// --- Streams ----------------------------------------------------------------------------------------------

constexpr std::string_view kWholeStream =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"model":"claude-x-1","id":"msg_1","type":"message",)"
    R"("role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":20,)"
    R"("cache_creation_input_tokens":0,"cache_read_input_tokens":1000,"output_tokens":1}}    })"
    "\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}   })"
    "\n\n"
    "event: ping\n"
    R"(data: {"type": "ping"})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let"}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" me \"}"}      })"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" see"} })"
    "\n\n"
    "event: content_block_stop\n"
    R"(data: {"type":"content_block_stop","index":0 })"
    "\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1",)"
    R"("name":"f","input":{}}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",)"
    R"("partial_json":"{\"a\": 1}"} })"
    "\n\n"
    "event: content_block_stop\n"
    R"(data: {"type":"content_block_stop","index":1})"
    "\n\n"
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},)"
    R"("usage":{"input_tokens":24,"cache_creation_input_tokens":null,"output_tokens":40}  })"
    "\n\n"
    "event: message_stop\n"
    R"(data: {"type":"message_stop"    })"
    "\n\n";

TEST(MessagesStream, ReadsAWholeStreamHoweverItIsCut) {
  for (const std::string_view line_end : {"\n", "\r\n"}) {
    std::string text;
    for (const char c : kWholeStream) c == '\n' ? text += line_end : text += c;
    http::for_each_split(text, [](const http::Pieces& pieces) {
      const auto scan = make_messages_scan();
      http::SseReader reader(1 << 20);
      for (const std::string_view piece : pieces) {
        reader.feed(piece);
        while (const auto event = reader.next()) scan->on_event(event->raw);
      }
      const ResponseFacts& facts = scan->facts();
      ASSERT_TRUE(facts.ended);
      ASSERT_EQ(facts.id, "msg_1");
      ASSERT_EQ(facts.model, "claude-x-1");
      ASSERT_EQ(facts.content_events, 5u);
      ASSERT_EQ(facts.tool_calls, 1u);
      ASSERT_THAT(facts.finish_reasons, ElementsAre("tool_use"));
      ASSERT_EQ(facts.usage.provenance, Provenance::kProvider);
      ASSERT_EQ(figures(facts), (Figures{1024, 40, 1000, 0, 0}));
    });
  }
}

TEST(MessagesStream, TellsContentFromTheRest) {
  struct Case {
    std::string_view delta;
    bool is_content = false;
  };
  constexpr Case kCases[] = {
      {R"("type":"text_delta","text":"a")", true},
      {R"("text":" ","type":"text_delta")", true},
      {R"("type":"thinking_delta","thinking":"a")", true},
      {R"("type":"input_json_delta","partial_json":"{")", true},
      {R"("type":"compaction_delta","content":"a","encrypted_content":"b")", true},
      {R"("type":"text_delta","text":"")"},
      {R"("type":"text_delta","text":null)"},
      {R"("type":"text_delta","text":7)"},
      {R"("type":"thinking_delta","thinking":"")"},
      {R"("type":"input_json_delta","partial_json":"")"},
      {R"("type":"compaction_delta","content":null,"encrypted_content":"b")"},
      {R"("type":"signature_delta","signature":"c2ln")"},
      {R"("type":"citations_delta","citation":{"type":"char_location","cited_text":"a","text":"b"})"},
      {R"("type":"of_the_future","x":"a")"},
      {R"("stop_reason":"end_turn")"},
      {R"()"},
  };
  for (const Case& c : kCases) {
    Stream stream;
    stream.delta(c.delta);
    EXPECT_EQ(stream.facts().content_events, c.is_content ? 1u : 0u) << c.delta;
    EXPECT_EQ(stream.facts().tool_calls, 0u) << c.delta;
  }
}

TEST(MessagesStream, TellsBlocksApart) {
  struct Case {
    std::string_view block;
    bool is_content = false;
    std::uint32_t tool_calls = 0;
  };
  constexpr Case kCases[] = {
      {R"("type":"tool_use","id":"toolu_1","name":"f","input":{})", true, 1},
      {R"("id":"toolu_1","input":{"type":"text"},"name":"f","type":"tool_use")", true, 1},
      {R"("type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{})", true},
      {R"("type":"mcp_tool_use","id":"mcptoolu_1","name":"f","server_name":"s","input":{})", true},
      {R"("type":"redacted_thinking","data":"AAAA")", true},
      {R"("type":"text","text":"a")", true},
      {R"("type":"thinking","thinking":"a","signature":"")", true},
      {R"("type":"text","text":"")"},
      {R"("type":"text","text":"","citations":[{"cited_text":"a"}])"},
      {R"("type":"thinking","thinking":"","signature":"")"},
      {R"("type":"compaction","content":null)"},
      {R"("type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"tool_use","text":"a"}])"},
      {R"("type":"mcp_tool_result","tool_use_id":"m","content":"a text")"},
      {R"("type":7)"},
      {R"()"},
  };
  for (const Case& c : kCases) {
    Stream stream;
    stream.start(c.block);
    EXPECT_EQ(stream.facts().content_events, c.is_content ? 1u : 0u) << c.block;
    EXPECT_EQ(stream.facts().tool_calls, c.tool_calls) << c.block;
    EXPECT_EQ(read_body(R"({"content":[{)" + std::string(c.block) + "}]}").tool_calls, c.tool_calls);
  }
}

TEST(MessagesStream, TheLastUsageCountsAndWhatItLeavesOutStays) {
  Stream stream;
  stream.message_usage(
      R"({"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":20,"output_tokens":1})");
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kEstimate);
  EXPECT_EQ(figures(stream.facts()), (Figures{124, 1, 20, 100}));
  stream.delta(R"("text":"a")");
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kEstimate);
  stream.data(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null})");
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kEstimate) << "nothing was told";
  stream.delta_usage(R"({"output_tokens":7})");
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kProvider);
  EXPECT_EQ(figures(stream.facts()), (Figures{124, 7, 20, 100}));
  stream.delta_usage(R"({"input_tokens":2050,"cache_creation_input_tokens":null,"cache_read_input_tokens":0,)"
                     R"("output_tokens":9,"output_tokens_details":{"thinking_tokens":3}})");
  EXPECT_EQ(figures(stream.facts()), (Figures{2150, 9, 0, 100, 3}));
  stream.delta_usage(R"({"output_tokens":null})");
  EXPECT_EQ(figures(stream.facts()), (Figures{2150, 9, 0, 100, 3}));
  // A later beginning takes nothing from the last word.
  stream.message_usage(R"({"output_tokens":10})");
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kProvider);
}

TEST(MessagesStream, TheLastStopReasonCounts) {
  Stream stream;
  stream.data(R"({"type":"message_start","message":{"stop_reason":null}})");
  EXPECT_THAT(stream.facts().finish_reasons, IsEmpty());
  stream.data(R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"}})");
  stream.data(R"({"type":"message_delta","delta":{"stop_reason":null}})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("max_tokens"));
  stream.data(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("end_turn"));
}

TEST(MessagesStream, KeepsTheFirstIdAndModel) {
  Stream stream;
  stream.data(R"({"type":"message_start","message":{"id":"","model":null}})");
  stream.data(R"({"type":"message_start","message":{"id":"a","model":"m"}})");
  stream.data(R"({"type":"message_start","message":{"id":"b","model":"n"}})");
  stream.data(R"({"id":"c","model":"o"})");
  EXPECT_EQ(stream.facts().id, "a");
  EXPECT_EQ(stream.facts().model, "m");
}

TEST(MessagesStream, ReadsDataInEveryForm) {
  for (const char* event :
       {"data: {\"type\":\"message_stop\"}\n\n", "data:{\"type\":\"message_stop\"}\n\n",
        "event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
        "data: {\"type\":\"message_stop\"   }\r\r", "data: {\"type\":\"message_stop\"}\nevent: x\nid: 1\n\n",
        "data: {\"type\":\ndata: \"message_stop\"}\n\n",
        "\xEF\xBB\xBF\x64\x61ta: {\"type\":\"message_stop\"}\n\n"}) {
    Stream stream;
    stream.raw(event);
    EXPECT_TRUE(stream.facts().ended) << event;
  }
}

TEST(MessagesStream, PassesWhatMakesNoSenseUnread) {
  Stream stream;
  for (const char* event : {": comment\n\n",
                            "\n",
                            "\r\n",
                            "event: message_stop\n\n",
                            "data\n\n",
                            "data:\n\n",
                            "data: \n\n",
                            "data: hello\n\n",
                            "data: [DONE]\n\n",
                            "data: []\n\n",
                            "data: \"message_stop\"\n\n",
                            "data: {\"type\":\"message_stop\"\n\n",
                            "data: {\"type\":\"message_stop\"}}\n\n",
                            "data: {\"type\":\"message_stop\"} x\n\n",
                            "Data: {\"type\":\"message_stop\"}\n\n",
                            "data: {\"type\":\"message_stop\",\ndata: \n\n",
                            "data: {\"type\":\"message_stop\",\"x\":\"\xFF\"}\n\n",
                            "data: {\"type\":\"message_start\"}\n\n",
                            "data: {\"type\":\"message_start\",\"message\":[]}\n\n",
                            "data: {\"type\":{\"a\":\"message_stop\"}}\n\n",
                            "data: {\"x\":{\"type\":\"message_stop\"}}\n\n",
                            "data: {\"delta\":\"text\",\"usage\":7}\n\n",
                            "data: {\"content_block\":[{\"type\":\"tool_use\"}]}\n\n"})
    stream.raw(event);
  const ResponseFacts& facts = stream.facts();
  EXPECT_FALSE(facts.ended);
  EXPECT_EQ(facts.id, "");
  EXPECT_EQ(facts.content_events, 0u);
  EXPECT_EQ(facts.tool_calls, 0u);
  EXPECT_EQ(facts.usage.provenance, Provenance::kUnknown);
  EXPECT_THAT(facts.finish_reasons, IsEmpty());
  // And the next event is read as ever.
  stream.data(R"({"type":"message_stop"})");
  EXPECT_TRUE(stream.facts().ended);
}

TEST(MessagesStream, TakesBackWhatABrokenTextTold) {
  constexpr std::string_view kWhole =
      R"({"type":"message_stop","message":{"id":"b","model":"n","usage":{"input_tokens":7}},)"
      R"("content_block":{"type":"tool_use"},"delta":{"text":"a","stop_reason":"stop"},"error":{"type":"e"},)"
      R"("usage":{"input_tokens":8,"output_tokens":9}})";
  Stream stream;
  stream.message_usage(R"({"input_tokens":5,"cache_read_input_tokens":6,"output_tokens":1})");
  stream.start(R"("type":"tool_use")");
  for (const std::string_view behind :
       {std::string_view("}"), std::string_view(" {}"), std::string_view(",")}) {
    stream.data(std::string(kWhole) + std::string(behind));
    const ResponseFacts& facts = stream.facts();
    EXPECT_EQ(facts.id, "msg_1");
    EXPECT_EQ(facts.model, "");
    EXPECT_EQ(facts.error_type, "");
    EXPECT_EQ(facts.content_events, 1u);
    EXPECT_EQ(facts.tool_calls, 1u);
    EXPECT_FALSE(facts.ended);
    EXPECT_THAT(facts.finish_reasons, IsEmpty());
    EXPECT_EQ(facts.usage.provenance, Provenance::kEstimate);
    EXPECT_EQ(figures(facts), (Figures{11, 1, 6}));
  }
  // Nor does anything of it come back with what is told later.
  stream.delta_usage(R"({"cache_read_input_tokens":0})");
  EXPECT_EQ(figures(stream.facts()), (Figures{5, 1}));
  stream.data(kWhole);
  EXPECT_EQ(stream.facts().model, "n");
  EXPECT_EQ(stream.facts().tool_calls, 2u);
}

// An event is told by the one before it where it can be: reading must not depend on what came before.
TEST(MessagesStream, ReadsEveryEventAsIfItWereTheFirst) {
  const std::vector<std::string> events = {
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Ho"}      })",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a } "} })",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d\ude00"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\"}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}  x})",
      R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}})",
      R"({"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"a"}})",
      R"({"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"a"}})",
      R"({"type":"content_block_delta","index":1,"delta":{"text":"a","thinking":"b"}})",
      R"({"type":"content_block_delta","index":1,"delta":{"text":"c","thinking":"b"}})",
      R"({"type":"message_delta","delta":{"text":"a","stop_reason":"end_turn"}})",
      R"({"type":"message_delta","delta":{"text":"b","stop_reason":"end_turn"}})",
      R"({"delta":{"text":"a"},"usage":{"input_tokens":1}})",
      R"({"delta":{"text":"b"},"usage":{"input_tokens":1}})",
      R"({"delta":{"text":"a"},"content_block":{"type":"tool_use"}})",
      R"({"delta":{"text":"b"},"content_block":{"type":"tool_use"}})",
      R"({"delta":{"text":"a"},"error":{"type":"late"}})",
      R"({"delta":{"text":"b"},"error":{"type":"late"}})",
      R"({"delta":{"text":"a"},"type":"message_stop"})",
      R"({"delta":{"text":"b"},"type":"message_stop"})",
  };
  const auto event = [](std::string_view json) { return "data: " + std::string(json) + "\n\n"; };
  for (const std::string& first : events) {
    for (const std::string& second : events) {
      SCOPED_TRACE(testing::Message() << first << " then " << second);
      Stream both;
      both.raw(event(first));
      both.raw(event(second));
      // Comments that differ keep the second from being told by the first.
      Stream apart;
      apart.raw(": 1\n" + event(first));
      apart.raw(": 2\n" + event(second));
      EXPECT_EQ(both.facts().content_events, apart.facts().content_events);
      EXPECT_EQ(both.facts().finish_reasons, apart.facts().finish_reasons);
      EXPECT_EQ(both.facts().tool_calls, apart.facts().tool_calls);
      EXPECT_EQ(both.facts().error_type, apart.facts().error_type);
      EXPECT_EQ(both.facts().ended, apart.facts().ended);
      EXPECT_EQ(both.facts().usage.provenance, apart.facts().usage.provenance);
      EXPECT_EQ(figures(both.facts()), figures(apart.facts()));
    }
  }
}

TEST(MessagesStream, ReadsAnErrorWithinTheStream) {
  Stream stream;
  stream.message_usage(R"({"input_tokens":5,"output_tokens":1})");
  stream.delta(R"("type":"text_delta","text":"a")");
  stream.raw(
      "event: error\n"
      "data: "
      "{\"type\":\"error\",\"error\":{\"details\":null,\"type\":\"overloaded_error\",\"message\":"
      "\"Overloaded\"}}"
      "\n\n");
  EXPECT_EQ(stream.facts().error_type, "overloaded_error");
  EXPECT_EQ(stream.facts().content_events, 1u);
  EXPECT_FALSE(stream.facts().ended);
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kEstimate);
}

}  // namespace
}  // namespace archestra::providers::anthropic
