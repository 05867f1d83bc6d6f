#include "proxy/runs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_framing.h"
#include "net/event_loop.h"
#include "net/memory_pipe.h"

namespace archestra::proxy {
namespace {

TEST(Runs, KeepWhatIsAdded) {
  Runs runs;
  EXPECT_TRUE(runs.empty());
  runs.add("abc");
  runs.add("");
  runs.add("de");
  ASSERT_EQ(runs.all().size(), 2u);
  EXPECT_EQ(runs.all()[0], "abc");
  EXPECT_EQ(runs.all()[1], "de");
  EXPECT_EQ(runs.bytes(), 5u);
  EXPECT_FALSE(runs.empty());
  runs.clear();
  EXPECT_TRUE(runs.empty());
  EXPECT_EQ(runs.bytes(), 0u);
  EXPECT_TRUE(runs.all().empty());
}

TEST(Runs, AreFullWhileOneMoreFits) {
  Runs runs;
  std::size_t count = 0;
  for (; !runs.full(); ++count) runs.add("x");
  runs.add("y");
  EXPECT_EQ(runs.all().size(), count + 1);
  EXPECT_LE(runs.all().size(), Runs::kMax);
  EXPECT_EQ(runs.all().back(), "y");
  runs.clear();
  EXPECT_FALSE(runs.full());
}

// What reaches the other end.
std::string packed(const std::vector<std::string_view>& texts, Framed framed, Last last) {
  net::EventLoop loop;
  auto [from, to] = net::make_memory_pipe(loop);
  Runs runs;
  for (std::string_view text : texts) runs.add(text);
  ChunkSize size;
  http_io::Outbox box;
  pack(runs, framed, last, size, box);
  const bool has_bytes = !box.empty();
  if (has_bytes) EXPECT_EQ(box.try_send(*from).status, net::IoStatus::kDone);
  std::string out(64 * 1024, '\0');
  const auto read = to->try_read(out.data(), out.size());
  EXPECT_EQ(read.status == net::IoStatus::kDone, has_bytes);
  out.resize(read.bytes);
  return out;
}

TEST(Pack, FramesRuns) {
  struct Case {
    std::vector<std::string_view> runs;
    Framed framed;
    Last last;
    std::string_view bytes;
  };
  const Case kCases[] = {
      {{}, Framed::kPlain, Last::kNo, ""},
      {{}, Framed::kPlain, Last::kYes, ""},
      {{"abc", "de"}, Framed::kPlain, Last::kNo, "abcde"},
      {{"abc", "de"}, Framed::kPlain, Last::kYes, "abcde"},
      // A chunk without content would end the body.
      {{}, Framed::kChunked, Last::kNo, ""},
      {{}, Framed::kChunked, Last::kYes, "0\r\n\r\n"},
      {{"abc"}, Framed::kChunked, Last::kNo, "3\r\nabc\r\n"},
      {{"abc", "0123456789abc"}, Framed::kChunked, Last::kNo, "10\r\nabc0123456789abc\r\n"},
      {{"abc"}, Framed::kChunked, Last::kYes, "3\r\nabc\r\n0\r\n\r\n"},
  };
  for (const Case& c : kCases) EXPECT_EQ(packed(c.runs, c.framed, c.last), c.bytes);
}

TEST(Pack, AsManyRunsAsThereCanBeFitBesideAHead) {
  Runs runs;
  while (!runs.full()) runs.add("ab");
  runs.add("ab");
  ChunkSize size;
  http_io::Outbox box;
  box.add("head");
  pack(runs, Framed::kChunked, Last::kYes, size, box);
  EXPECT_LE(box.room(), http_io::Outbox::kPiecesMax);
  EXPECT_EQ(box.bytes(), 4 + 4 + runs.bytes() + 7);
}

TEST(Pack, WhatIsChunkedCanBeReadAgain) {
  const std::string text(300, 'x');
  std::string body = packed({text, "y"}, Framed::kChunked, Last::kNo) +
                     packed({}, Framed::kChunked, Last::kNo) + packed({"z"}, Framed::kChunked, Last::kNo) +
                     packed({}, Framed::kChunked, Last::kYes);
  http::BodyDecoder decoder({http::BodyKind::kChunked, 0});
  std::string content;
  for (std::string_view rest = body; !decoder.done();) {
    const auto step = decoder.next(rest);
    ASSERT_TRUE(step && step->consumed > 0);
    content += step->content;
    rest.remove_prefix(step->consumed);
    EXPECT_EQ(decoder.done(), rest.empty());
  }
  EXPECT_EQ(content, text + "yz");
}

}  // namespace
}  // namespace archestra::proxy
