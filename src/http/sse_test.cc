#include "http/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/test_splits.h"

namespace archestra::http {
namespace {

using Texts = std::vector<std::string>;

struct Outcome {
  Texts events;  // an oversized piece with "!" in front
  std::string unfinished;
  std::string all;
};

Outcome read(const Pieces& pieces, std::size_t event_bytes_max) {
  SseReader reader(event_bytes_max);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    const ExactCopy copy(piece);
    reader.feed(copy.view());
    while (const auto event = reader.next()) {
      outcome.events.push_back((event->oversized ? "!" : "") + std::string(event->raw));
      outcome.all += event->raw;
    }
  }
  outcome.unfinished = reader.unfinished();
  outcome.all += outcome.unfinished;
  return outcome;
}

void expect_events(const std::string& stream, const Texts& events, const std::string& unfinished,
                   std::size_t event_bytes_max = 1024) {
  for_each_split(stream, [&](const Pieces& pieces) {
    const Outcome outcome = read(pieces, event_bytes_max);
    EXPECT_EQ(outcome.events, events) << pieces.size() << " pieces, the first of " << pieces[0].size();
    EXPECT_EQ(outcome.unfinished, unfinished);
    EXPECT_EQ(outcome.all, stream);
  });
}

TEST(SseReader, CutsAtEmptyLines) {
  expect_events("data: a\n\ndata: b\n\n", {"data: a\n\n", "data: b\n\n"}, "");
  expect_events("event: x\ndata: {\"a\":1}\n\n: ping\n\ndata: [DO",
                {"event: x\ndata: {\"a\":1}\n\n", ": ping\n\n"}, "data: [DO");
  expect_events("data: a\n", {}, "data: a\n");
  expect_events(
      "\xEF\xBB\xBF"
      "data: a\n\n",
      {"\xEF\xBB\xBF"
       "data: a\n\n"},
      "");
}

TEST(SseReader, KnowsAllLineEnds) {
  expect_events("data: a\r\n\r\ndata: b\r\n\r\nx", {"data: a\r\n\r\n", "data: b\r\n\r\n"}, "x");
  expect_events("data: a\r\rdata: b\r\rx", {"data: a\r\r", "data: b\r\r"}, "x");
  expect_events("data: a\r\n\ndata: b\n\r\nc\r\n\rd\n\rx",
                {"data: a\r\n\n", "data: b\n\r\n", "c\r\n\r", "d\n\r"}, "x");
  expect_events("a\rb\nc\r\nd\r\r\ne\n\n", {"a\rb\nc\r\nd\r\r\n", "e\n\n"}, "");
}

TEST(SseReader, TakesEmptyLinesBetweenEventsForEventsWithoutData) {
  expect_events("\n\ndata: a\n\n\ndata: b\n\n", {"\n", "\n", "data: a\n\n", "\n", "data: b\n\n"}, "");
  expect_events("\r\n\r\r\nx", {"\r\n", "\r", "\r\n"}, "x");
}

TEST(SseReader, HoldsAnEventThatMayStillGetALineFeed) {
  expect_events("data: a\r\r", {}, "data: a\r\r");
  expect_events("data: a\r\n\r", {}, "data: a\r\n\r");
  expect_events("data: a\n\r", {}, "data: a\n\r");
  expect_events("data: a\r\n\r\n", {"data: a\r\n\r\n"}, "");
}

TEST(SseReader, GivesOutLongEventsInPieces) {
  expect_events("data: 1\n\n", {"data: 1\n\n"}, "", 9);
  expect_events("data: 12\n\n", {"!data: 12\n", "!\n"}, "", 9);
  expect_events("data: 0123456789abcdef\n\nd: x\n\n", {"!data: 01", "!23456789", "!abcdef\n\n", "d: x\n\n"},
                "", 8);
  expect_events("data: 0123456789", {"!data: 01"}, "23456789", 8);
  expect_events("aaaa\n\nb\n\n", {"!a", "!a", "!a", "!a", "!\n", "!\n", "!b", "!\n", "!\n"}, "", 1);
}

TEST(SseReader, DecidesAtTheBoundByTheNextByte) {
  expect_events("data:a\r\rx", {"data:a\r\r"}, "x", 8);
  expect_events("data:a\r\r\nx", {"!data:a\r\r", "!\n"}, "x", 8);
  expect_events("data:a\r\n\r\nx", {"!data:a\r\n", "!\r\n"}, "x", 8);
}

TEST(SseReader, ManyEventsOfALongStream) {
  std::string stream;
  Texts events;
  for (int i = 0; i < 40; ++i) {
    events.push_back("data: " + std::string(static_cast<std::size_t>(i), 'x') +
                     (i % 3 == 0 ? "\r\n\r\n" : "\n\n"));
    stream += events.back();
  }
  expect_events(stream, events, "");
}

TEST(SseData, JoinsDataLines) {
  struct Case {
    std::string_view raw;
    std::string_view data;
  };
  constexpr Case kCases[] = {
      {"data: {\"a\":1}\n\n", "{\"a\":1}"},
      {"data:{}\n\n", "{}"},
      {"data:  x \n\n", " x "},
      {"data\n\n", ""},
      {"data:\n\n", ""},
      {"data\ndata\n\n", "\n"},
      {"data: a\ndata: b\n\n", "a\nb"},
      {"data: a\r\ndata:b\r\ndata: c\r\n\r\n", "a\nb\nc"},
      {"data: a\rdata: b\r\r", "a\nb"},
      {"event: x\nid: 1\n: data: no\ndata: yes\n\n", "yes"},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       "a"},
      {"\n\ndata: a\n\n", "a"},
      {"data: a: b\n\n", "a: b"},
      {"data: cut off", "cut off"},
  };
  for (const Case& c : kCases) {
    std::string scratch = "what was there before";
    EXPECT_EQ(sse_data(ExactCopy(c.raw).view(), scratch).has_value(), true) << c.raw;
    EXPECT_EQ(sse_data(c.raw, scratch), c.data) << c.raw;
  }
}

TEST(SseData, IsAbsentWithoutADataLine) {
  std::string scratch;
  for (const char* raw : {"", "\n", "\r\n", ": ping\n\n", "event: x\n\n", "Data: a\n\n", " data: a\n\n",
                          "data : a\n\n", "dat: a\n\n", "datax: a\n\n"})
    EXPECT_EQ(sse_data(raw, scratch), std::nullopt) << raw;
}

TEST(SseData, PointsIntoTheEventWhereItCan) {
  std::string scratch;
  const std::string raw = "data: abc\n\n";
  EXPECT_EQ(sse_data(raw, scratch)->data(), raw.data() + 6);
  EXPECT_TRUE(scratch.empty());
}

TEST(SseEventName, IsTheLastEventLine) {
  EXPECT_EQ(sse_event_name("event: message_start\ndata: {}\n\n"), "message_start");
  EXPECT_EQ(sse_event_name("data: {}\r\nevent:ping\r\n\r\n"), "ping");
  EXPECT_EQ(sse_event_name("event: a\revent: b\r\r"), "b");
  EXPECT_EQ(sse_event_name("\xEF\xBB\xBF"
                           "event: a\n\n"),
            "a");
  EXPECT_EQ(sse_event_name("data: event: x\n\n"), "");
}

std::string with_data(std::string_view raw, std::string_view data) {
  std::string out;
  append_sse_with_data(out, raw, data);
  return out;
}

TEST(SseEvent, KnowsWhatTheFormatKnows) {
  for (const std::string_view event :
       {"data: {}\n\n", "event: a\r\ndata\r\nid:1\rretry: 5\r\n\r\n", ": said beside\n\n", "\n", "",
        "\xEF\xBB\xBF"
        "data: x\n\n",
        "data: x", ":\n"})
    EXPECT_TRUE(is_well_formed_sse(event)) << event;
  for (const std::string_view event : {"{\"a\": 1}", "data: {}\n{}\n\n", "Data: {}\n\n", " data: {}\n\n",
                                       "data : {}\n\n", "[\n\n", "foo\n\n",
                                       "data: x\n\xEF\xBB\xBF"
                                       "data: y\n\n"})
    EXPECT_FALSE(is_well_formed_sse(event)) << event;
}

TEST(SseWriting, PutsOtherDataIntoAnEvent) {
  EXPECT_EQ(with_data("data: {\"a\":1}\n\n", "{}"), "data: {}\n\n");
  EXPECT_EQ(with_data("event: ping\r\nid: 7\r\ndata: x\r\nretry: 5\r\n\r\n", "y"),
            "event: ping\nid: 7\nretry: 5\ndata: y\n\n");
  EXPECT_EQ(with_data("data: a\ndata: b\n: said beside\n\n", "c"), ": said beside\ndata: c\n\n");
  EXPECT_EQ(with_data("\xEF\xBB\xBF"
                      "event: a\rdata: b\r\r",
                      "c"),
            "event: a\ndata: c\n\n");
  EXPECT_EQ(with_data("data\n\n", "c"), "data: c\n\n");
  EXPECT_EQ(with_data("event: a\ndata: b", "c"), "event: a\ndata: c\n\n");
}

TEST(SseWriting, WritesDataOfSeveralLines) {
  const std::string event = with_data("", "a\nb\r\nc\rd");
  EXPECT_EQ(event, "data: a\ndata: b\ndata: c\ndata: d\n\n");
  std::string scratch;
  EXPECT_EQ(sse_data(event, scratch), "a\nb\nc\nd");
}

TEST(SseWriting, WritesAnEvent) {
  std::string out;
  append_sse(out, "message_stop", "{}");
  append_sse(out, "", "[DONE]");
  EXPECT_EQ(out, "event: message_stop\ndata: {}\n\ndata: [DONE]\n\n");
}

}  // namespace
}  // namespace archestra::http
