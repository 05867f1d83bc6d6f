#include "proxy/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_gzip.h"
#include "http/test_splits.h"

namespace archestra::proxy {
namespace {

using http::ContentCoding;
using http::Pieces;
using providers::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::MonotonicTime kStart{std::chrono::seconds(100)};
base::MonotonicTime at(int seconds) { return kStart + std::chrono::seconds(seconds); }

// Events say themselves what is to happen: "drop", "content"; everything else passes.
class ScriptedScan final : public providers::ResponseScan {
 public:
  Verdict on_event(std::string_view raw) override {
    events.emplace_back(raw);
    if (raw.find("content") != std::string_view::npos) ++facts_.content_events;
    return raw.find("drop") != std::string_view::npos ? Verdict::kDrop : Verdict::kPass;
  }
  void on_body(std::string_view body, std::size_t slack) override {
    bodies.emplace_back(body);
    for (std::size_t i = 0; i < slack; ++i)
      behind += static_cast<unsigned char>(body.data()[body.size() + i]);
    slacks.push_back(slack);
  }

  std::vector<std::string> events;
  std::vector<std::string> bodies;
  std::vector<std::size_t> slacks;
  unsigned behind = 0;
};

/// When the end of the body is known.
enum class End : std::uint8_t {
  kWithLastBytes,
  kLater,  // a last chunk or a close that comes alone
  kNever,  // the upstream broke
};

struct Replay {
  std::string sent;
  std::vector<std::string> events;
  std::vector<std::string> bodies;
  Pace pace;
  bool failed = false;  // the body could not be decided about
  bool unread = false;  // it could not be read to its end
  std::size_t largest_send = 0;
  bool skipped_event = false;
};

// A response through the gate as the relay drives it: a read at a time, each in the same buffer, each sent
// before the next comes. Read number n arrives at second n. `pieces_per_read` runs are one read, as the
// content of several chunks may be.
class GateTest : public testing::Test {
 protected:
  Replay replay(GateMode mode, const Pieces& pieces, End end = End::kWithLastBytes,
                std::size_t runs_per_read = 1, ContentCoding coding = ContentCoding::kIdentity) {
    ScriptedScan scan;
    Replay result;
    {
      Gate gate(mode, &scan, limits, pool, coding);
      base::Buffer buffer = pool.take(64 * 1024);
      Runs runs;
      int second = 0;
      const auto finish = [&] {
        if (gate.finish(runs)) return;
        result.failed = true;
        gate.let_go(runs);
      };
      for (std::size_t i = 0; i < pieces.size() && !result.failed; i += runs_per_read) {
        ++second;
        runs.clear();
        std::memset(buffer.data(), '#', buffer.size());  // what was there is gone
        char* free = buffer.data();
        for (std::size_t j = i; j < std::min(i + runs_per_read, pieces.size()); ++j) {
          std::memcpy(free, pieces[j].data(), pieces[j].size());
          bool taken = gate.take_in({free, pieces[j].size()}, at(second), runs).has_value();
          while (taken && gate.is_full()) {
            gate.collect(runs);
            send(gate, runs, at(second), result);
            runs.clear();
            taken = gate.take_rest(at(second)).has_value();
          }
          if (!taken) {
            result.failed = true;
            gate.let_go(runs);
            break;
          }
          free += pieces[j].size() + 2;  // chunk framing lies between runs
        }
        const bool last = i + runs_per_read >= pieces.size();
        if (!result.failed) {
          if (last && end == End::kWithLastBytes)
            finish();
          else
            gate.collect(runs);
        }
        send(gate, runs, at(second), result);
        if (!last || end != End::kWithLastBytes) gate.release_views();
      }
      if (end == End::kLater && !result.failed) {
        // Framing may arrive without content, even twice.
        for (const bool is_end : {false, true}) {
          runs.clear();
          std::memset(buffer.data(), '#', buffer.size());
          if (is_end)
            finish();
          else
            gate.collect(runs);
          send(gate, runs, at(++second), result);
        }
      }
      gate.conclude();
      result.pace = gate.pace();
      result.unread = gate.unread().has_value();
      result.skipped_event = gate.skipped_event();
    }
    result.events = scan.events;
    result.bodies = scan.bodies;
    for (const std::size_t slack : scan.slacks) EXPECT_GE(slack, 64u);
    EXPECT_EQ(pool.bytes_in_use(), 0u);
    return result;
  }

  static void send(Gate& gate, const Runs& runs, base::MonotonicTime arrived, Replay& result) {
    for (std::string_view run : runs.all()) result.sent += run;
    result.largest_send = std::max(result.largest_send, runs.bytes());
    gate.observe(runs, arrived);
  }

  base::BufferPool pool;
  GateLimits limits{.scan_bytes_max = 1000, .event_bytes_max = 1000};
};

constexpr std::string_view kStream =
    ": hello\n\ndata: content 1\n\ndata: drop\n\nevent: x\r\ndata: content 2\r\n\r\ndata: other\n\n"
    "data: drop content\n\ndata: [DONE]\n\n";
constexpr std::string_view kDecided =
    ": hello\n\ndata: content 1\n\nevent: x\r\ndata: content 2\r\n\r\ndata: other\n\ndata: [DONE]\n\n";
constexpr std::string_view kBody = R"({"choices":[{"message":{"content":"drop\n\n"}}]})";

TEST_F(GateTest, ReadsNothingWhereItOnlyPasses) {
  http::for_each_split(kStream, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater, End::kNever}) {
      const Replay result = replay(GateMode::kPass, pieces, end);
      EXPECT_EQ(result.sent, kStream);
      EXPECT_THAT(result.events, IsEmpty());
      EXPECT_THAT(result.bodies, IsEmpty());
      EXPECT_FALSE(result.pace.first());
    }
  });
  Gate gate(GateMode::kPass, nullptr, limits, pool);  // needs no scan
  Runs runs;
  EXPECT_TRUE(gate.take_in("abc", at(1), runs));
  EXPECT_TRUE(gate.finish(runs));
  gate.observe(runs, at(1));
  gate.conclude();
  ASSERT_EQ(runs.all().size(), 1u);
  EXPECT_EQ(runs.all()[0], "abc");
}

TEST_F(GateTest, PassesEventsAtOnceWhereItOnlyObserves) {
  ScriptedScan scan;
  Gate gate(GateMode::kObserveEvents, &scan, limits, pool);
  Runs runs;
  constexpr std::string_view kHalf = "data: conte";
  EXPECT_TRUE(gate.take_in(kHalf, at(1), runs));
  ASSERT_EQ(runs.all().size(), 1u);
  EXPECT_EQ(runs.all()[0].data(), kHalf.data()) << "without a copy";
  EXPECT_THAT(scan.events, IsEmpty()) << "nothing is read before it has left";
  gate.observe(runs, at(1));
  EXPECT_THAT(scan.events, IsEmpty());
}

TEST_F(GateTest, ObservesEachEventOnceHoweverItIsCut) {
  const std::vector<std::string> events = replay(GateMode::kObserveEvents, {kStream}).events;
  ASSERT_EQ(events.size(), 7u);
  EXPECT_EQ(events[3], "event: x\r\ndata: content 2\r\n\r\n");
  http::for_each_split(kStream, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater, End::kNever}) {
      for (const std::size_t runs_per_read : {1u, 3u}) {
        const Replay result = replay(GateMode::kObserveEvents, pieces, end, runs_per_read);
        EXPECT_EQ(result.sent, kStream) << "verdicts mean nothing where bytes pass at once";
        EXPECT_EQ(result.events, events);
        EXPECT_THAT(result.bodies, IsEmpty());
      }
    }
  });
}

// An array of events: its elements are read as events are.
TEST_F(GateTest, ObservesEachElementOnceHoweverItIsCut) {
  constexpr std::string_view kArray =
      "[{\"content\":\"]}{\"}\n,\n{\"drop\":[{}]}\n,\r\n{\"other\":\"\\\"\"}\n]\n";
  http::for_each_split(kArray, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater, End::kNever}) {
      for (const std::size_t runs_per_read : {1u, 3u}) {
        const Replay result = replay(GateMode::kObserveElements, pieces, end, runs_per_read);
        EXPECT_EQ(result.sent, kArray) << "verdicts mean nothing where bytes pass at once";
        EXPECT_THAT(result.events,
                    ElementsAre("{\"content\":\"]}{\"}", "{\"drop\":[{}]}", "{\"other\":\"\\\"\"}"));
        EXPECT_THAT(result.bodies, IsEmpty());
      }
    }
  });
  EXPECT_THAT(replay(GateMode::kObserveElements, {"{\"error\":{}}"}).events, ElementsAre("{\"error\":{}}"));
}

TEST_F(GateTest, PassesElementsAtOnce) {
  ScriptedScan scan;
  Gate gate(GateMode::kObserveElements, &scan, limits, pool);
  Runs runs;
  constexpr std::string_view kRead = "[{\"content\":1}\n,{\"con";
  EXPECT_TRUE(gate.take_in(kRead, at(1), runs));
  ASSERT_EQ(runs.all().size(), 1u);
  EXPECT_EQ(runs.all()[0].data(), kRead.data()) << "without a copy";
  EXPECT_THAT(scan.events, IsEmpty()) << "nothing is read before it has left";
  gate.observe(runs, at(1));
  EXPECT_THAT(scan.events, ElementsAre("{\"content\":1}"));
  EXPECT_EQ(gate.pace().first(), at(1));
}

TEST_F(GateTest, DecidesEachEventOnceHoweverItIsCut) {
  const std::vector<std::string> events = replay(GateMode::kObserveEvents, {kStream}).events;
  http::for_each_split(kStream, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater, End::kNever}) {
      for (const std::size_t runs_per_read : {1u, 3u}) {
        const Replay result = replay(GateMode::kDecideEvents, pieces, end, runs_per_read);
        EXPECT_EQ(result.sent, kDecided) << pieces.size() << " pieces, the first of " << pieces[0].size();
        EXPECT_EQ(result.events, events);
        EXPECT_THAT(result.bodies, IsEmpty());
      }
    }
  });
}

TEST_F(GateTest, LetsNothingOutBeforeItsVerdict) {
  ScriptedScan scan;
  Gate gate(GateMode::kDecideEvents, &scan, limits, pool);
  const auto collect = [&](std::string_view run) {
    Runs runs;
    EXPECT_TRUE(gate.take_in(run, at(1), runs));
    EXPECT_TRUE(runs.empty());
    gate.collect(runs);
    std::string text;
    for (std::string_view view : runs.all()) text += view;
    return text;
  };
  EXPECT_EQ(collect("data: dr"), "");
  EXPECT_EQ(collect("op\n"), "");
  EXPECT_EQ(collect("\ndata: a\n\nda"), "data: a\n\n");
  EXPECT_EQ(collect("ta: b\n\n"), "data: b\n\n");
  EXPECT_EQ(collect(": no content"), "");
}

TEST_F(GateTest, GivesOutWhatPassedOnlyOnce) {
  ScriptedScan scan;
  Gate gate(GateMode::kDecideEvents, &scan, limits, pool);
  Runs runs;
  EXPECT_TRUE(gate.take_in("data: a\n\n", at(1), runs));
  gate.collect(runs);
  EXPECT_EQ(runs.bytes(), 9u);
  for (int i = 0; i < 3; ++i) {
    runs.clear();
    gate.collect(runs);
    EXPECT_TRUE(runs.empty());
  }
  EXPECT_TRUE(gate.finish(runs));
  EXPECT_TRUE(runs.empty());
}

// An event without its empty line is no event: it is never judged, and leaves when the body ends.
TEST_F(GateTest, PassesAnUnfinishedEventAtTheEnd) {
  for (const std::string_view tail :
       {"data: drop", "data: drop\n", "d", "data: drop\n\r", "data: drop\r\r"}) {
    for (const std::string_view head : {"", "data: a\n\n", "data: drop\n\n"}) {
      const std::string stream = std::string(head) + std::string(tail);
      const std::string kept = head.find("drop") == std::string_view::npos ? stream : std::string(tail);
      http::for_each_split(stream, [&](const Pieces& pieces) {
        for (const End end : {End::kWithLastBytes, End::kLater}) {
          const Replay decided = replay(GateMode::kDecideEvents, pieces, end);
          EXPECT_EQ(decided.sent, kept)
              << "the end comes " << (end == End::kLater ? "alone" : "with the last bytes");
          EXPECT_EQ(decided.events.size(), head.empty() ? 0u : 1u);
          EXPECT_EQ(replay(GateMode::kObserveEvents, pieces, end).events, decided.events);
        }
        EXPECT_EQ(replay(GateMode::kDecideEvents, pieces, End::kNever).sent,
                  kept.substr(0, kept.size() - tail.size()));
      });
    }
  }
}

TEST_F(GateTest, PassesOversizedEventsUnread) {
  limits.event_bytes_max = 16;
  const std::string stream =
      "data: drop\n\ndata: drop content 0123456789abcdef\n\ndata: content\n\ndata: drop 0123456789";
  const std::string kept = "data: drop content 0123456789abcdef\n\ndata: content\n\ndata: drop 0123456789";
  http::for_each_split(stream, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater}) {
      const Replay decided = replay(GateMode::kDecideEvents, pieces, end);
      EXPECT_EQ(decided.sent, kept);
      EXPECT_THAT(decided.events, ElementsAre("data: drop\n\n", "data: content\n\n"));
      EXPECT_TRUE(decided.skipped_event);
      const Replay observed = replay(GateMode::kObserveEvents, pieces, end);
      EXPECT_EQ(observed.sent, stream);
      EXPECT_EQ(observed.events, decided.events);
      EXPECT_TRUE(observed.skipped_event);
    }
  });
  const std::string array = "[{\"drop\":1},{\"content\":\"0123456789\"},{\"a\":2}]";
  http::for_each_split(array, [&](const Pieces& pieces) {
    const Replay observed = replay(GateMode::kObserveElements, pieces);
    EXPECT_EQ(observed.sent, array);
    EXPECT_THAT(observed.events, ElementsAre("{\"drop\":1}", "{\"a\":2}"));
    EXPECT_TRUE(observed.skipped_event);
  });
  for (const GateMode mode : {GateMode::kDecideEvents, GateMode::kObserveEvents})
    EXPECT_FALSE(replay(mode, {"data: drop\n\n"}).skipped_event);
  EXPECT_FALSE(replay(GateMode::kObserveElements, {"[{\"a\":2}]"}).skipped_event);
}

TEST_F(GateTest, NotesWhenContentWentBy) {
  struct Case {
    Pieces reads;
    int first;  // 0 for never
    int last;
  };
  const Case kCases[] = {
      {{"data: a\n\n", ": ping\n\n", "data: [DONE]\n\n"}, 0, 0},
      {{"data: a\n\n", "data: content\n\n", "data: b\n\n"}, 2, 2},
      {{"data: content\n\n", "data: b\n\n", "data: content\n\ndata: content\n\n", "data: b\n\n"}, 1, 3},
      // An event is there when its last byte is.
      {{"data: con", "tent\n", "\ndata: b\n\n", "data: con", "tent\n\n"}, 3, 5},
      {{"data: a\n\ndata: content\n\ndata: conte"}, 1, 1},
  };
  for (const Case& c : kCases) {
    for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kDecideEvents}) {
      const Pace pace = replay(mode, c.reads).pace;
      ASSERT_EQ(pace.first().has_value(), c.first != 0);
      ASSERT_EQ(pace.last().has_value(), c.last != 0);
      if (c.first == 0) continue;
      EXPECT_EQ(*pace.first(), at(c.first));
      EXPECT_EQ(*pace.last(), at(c.last));
    }
  }
}

TEST_F(GateTest, CountsEveryGapBetweenEventsWithContent) {
  struct Case {
    Pieces reads;
    std::vector<int> gaps;  // in seconds
  };
  const Case kCases[] = {
      {{"data: a\n\n", "data: content\n\n", "data: b\n\n"}, {}},
      {{"data: content\n\n", ": ping\n\n", "data: b\n\n", "data: content\n\n"}, {3}},
      // Of one read, and the one that a later read ends.
      {{"data: content\n\ndata: content\n\ndata: con", "tent\n\n", "data: content\n\n"}, {0, 1, 1}},
  };
  for (const Case& c : kCases) {
    for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kDecideEvents}) {
      call::TokenGaps expected;
      std::size_t stalls = 0;
      for (const int gap : c.gaps) {
        expected.add(std::chrono::seconds(gap));
        stalls += gap > 1 ? 1 : 0;
      }
      const Pace pace = replay(mode, c.reads).pace;
      EXPECT_EQ(pace.gaps().counts, expected.counts);
      EXPECT_EQ(pace.gaps().sum, expected.sum);
      EXPECT_EQ(pace.stalls(kStart).size(), stalls);
    }
  }
}

TEST(Pace, TellsTheFirstStallsAndCountsAll) {
  Pace pace;
  pace.note(at(3));
  pace.note(at(4));  // not longer than the limit
  for (std::size_t i = 0; i < call::kStallsToldMax + 2; ++i) pace.note(at(6 + 2 * static_cast<int>(i)));
  EXPECT_EQ(pace.gaps().stalls, call::kStallsToldMax + 2);
  const std::vector<call::Stall> told = pace.stalls(kStart);
  ASSERT_EQ(told.size(), call::kStallsToldMax);
  EXPECT_EQ(told[0].began, std::chrono::seconds(4));
  EXPECT_EQ(told[0].length, std::chrono::seconds(2));
  EXPECT_EQ(told[7].began, std::chrono::seconds(18));
}

TEST_F(GateTest, TellsWhatWasDelivered) {
  for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kDecideEvents}) {
    ScriptedScan scan;
    Gate gate(mode, &scan, limits, pool);
    const auto take = [&](std::string_view read, bool is_sent) {
      Runs runs;
      EXPECT_TRUE(gate.take_in(read, at(1), runs));
      gate.collect(runs);
      if (is_sent)
        gate.observe(runs, at(1));
      else
        gate.observe_lost(runs, at(1));
    };
    take("data: content 1\n\ndata: content 2\n\ndata: con", true);
    EXPECT_EQ(gate.delivery().events_delivered, 2u);
    take("tent 3\n\ndata: content 4\n\n", false);
    EXPECT_EQ(gate.delivery().events, 4u);
    EXPECT_EQ(gate.delivery().events_delivered, 2u) << "one of which a part was lost is lost";
    take("data: content 5\n\n", true);
    EXPECT_EQ(gate.delivery().events, 5u);
    EXPECT_EQ(gate.delivery().events_delivered, 2u) << "nothing comes after a gap";
    EXPECT_FALSE(gate.delivery().is_complete);
  }
}

TEST_F(GateTest, ReadsABodyWholeHoweverItIsCut) {
  http::for_each_split(kBody, [&](const Pieces& pieces) {
    for (const End end : {End::kWithLastBytes, End::kLater}) {
      for (const std::size_t runs_per_read : {1u, 3u}) {
        const Replay result = replay(GateMode::kObserveBody, pieces, end, runs_per_read);
        EXPECT_EQ(result.sent, kBody);
        EXPECT_THAT(result.bodies, ElementsAre(kBody));
        EXPECT_THAT(result.events, IsEmpty());
        EXPECT_FALSE(result.pace.first());
      }
    }
  });
}

TEST_F(GateTest, DoesNotReadABodyOverTheBound) {
  const std::string body(limits.scan_bytes_max, 'x');
  const std::string longer = body + "y";
  for (const std::size_t cut : {1u, 500u, 999u, 1000u}) {
    const Pieces fits{std::string_view(body).substr(0, cut), std::string_view(body).substr(cut)};
    const Pieces too_long{std::string_view(longer).substr(0, cut), std::string_view(longer).substr(cut)};
    for (const End end : {End::kWithLastBytes, End::kLater}) {
      EXPECT_THAT(replay(GateMode::kObserveBody, fits, end).bodies, ElementsAre(body));
      const Replay result = replay(GateMode::kObserveBody, too_long, end);
      EXPECT_EQ(result.sent, longer);
      EXPECT_THAT(result.bodies, IsEmpty());
    }
  }
  EXPECT_THAT(replay(GateMode::kObserveBody, {longer}).bodies, IsEmpty());
  EXPECT_THAT(replay(GateMode::kObserveBody, {body, "y", "z", "!"}).bodies, IsEmpty());
}

TEST_F(GateTest, ReadsNoBodyWhereNoneCame) {
  EXPECT_THAT(replay(GateMode::kObserveBody, {}, End::kLater).bodies, IsEmpty());
  EXPECT_EQ(replay(GateMode::kDecideEvents, {}, End::kLater).sent, "");
}

// --- Encoded bodies ---------------------------------------------------------------------------------------

TEST_F(GateTest, ReadsWhatPassesEncoded) {
  const std::vector<std::string> events = replay(GateMode::kObserveEvents, {kStream}).events;
  const std::string stream = http::gzip(kStream);
  const std::string body = http::gzip(kBody);
  const std::string array = http::gzip("[{\"content\":1}\n,\n{\"a\":\"]\"}\n]");
  for (const End end : {End::kWithLastBytes, End::kLater}) {
    for (const std::size_t runs_per_read : {1u, 3u}) {
      http::for_each_split(stream, [&](const Pieces& pieces) {
        const Replay result =
            replay(GateMode::kObserveEvents, pieces, end, runs_per_read, ContentCoding::kGzip);
        EXPECT_EQ(result.sent, stream);
        EXPECT_EQ(result.events, events);
        EXPECT_TRUE(result.pace.first());
        EXPECT_FALSE(result.unread);
      });
      http::for_each_split(body, [&](const Pieces& pieces) {
        const Replay result =
            replay(GateMode::kObserveBody, pieces, end, runs_per_read, ContentCoding::kGzip);
        EXPECT_EQ(result.sent, body);
        EXPECT_THAT(result.bodies, ElementsAre(kBody));
        EXPECT_FALSE(result.unread);
      });
      http::for_each_split(array, [&](const Pieces& pieces) {
        const Replay result =
            replay(GateMode::kObserveElements, pieces, end, runs_per_read, ContentCoding::kGzip);
        EXPECT_EQ(result.sent, array);
        EXPECT_THAT(result.events, ElementsAre("{\"content\":1}", "{\"a\":\"]\"}"));
        EXPECT_FALSE(result.unread);
      });
    }
  }
  // One that is not read may be in any coding.
  EXPECT_EQ(replay(GateMode::kPass, {stream}, End::kLater, 1, ContentCoding::kUnknown).sent, stream);
}

TEST_F(GateTest, SendsDecodedWhatItDecidesAbout) {
  const std::vector<std::string> events = replay(GateMode::kObserveEvents, {kStream}).events;
  const std::string unfinished = std::string(kStream) + "data: drop";
  for (const std::string& encoded : {http::gzip(kStream), http::gzip(unfinished)}) {
    const std::string kept = std::string(kDecided) + (encoded == http::gzip(kStream) ? "" : "data: drop");
    http::for_each_split(encoded, [&](const Pieces& pieces) {
      for (const End end : {End::kWithLastBytes, End::kLater}) {
        for (const std::size_t runs_per_read : {1u, 3u}) {
          const Replay result =
              replay(GateMode::kDecideEvents, pieces, end, runs_per_read, ContentCoding::kGzip);
          EXPECT_FALSE(result.failed);
          EXPECT_EQ(result.sent, kept);
          EXPECT_EQ(result.events, events);
        }
      }
    });
  }
}

TEST_F(GateTest, StopsReadingWhatCannotBeDecoded) {
  std::string broken = http::gzip(kStream);
  broken[broken.size() - 8] ^= 1;  // the checksum
  std::string nonsense = http::gzip(kStream);
  nonsense[10] |= 6;  // a kind of block that there is not
  for (const std::string& body : {broken, nonsense, std::string(kStream)}) {
    http::for_each_split(body, [&](const Pieces& pieces) {
      for (const End end : {End::kWithLastBytes, End::kLater}) {
        for (const GateMode mode : {GateMode::kObserveBody, GateMode::kObserveEvents}) {
          const Replay result = replay(mode, pieces, end, 1, ContentCoding::kGzip);
          EXPECT_EQ(result.sent, body);
          EXPECT_THAT(result.bodies, IsEmpty());
          EXPECT_TRUE(result.unread);
        }
        const Replay decided = replay(GateMode::kDecideEvents, pieces, end, 1, ContentCoding::kGzip);
        EXPECT_TRUE(decided.failed);
        if (body == broken)
          EXPECT_TRUE(kDecided.starts_with(decided.sent));
        else
          EXPECT_EQ(decided.sent, "");
      }
    });
  }
}

// A body that ends before its coding does is no body; the events that came are events.
TEST_F(GateTest, KnowsAnEncodedBodyThatIsNotWhole) {
  const std::string stream = http::gzip(kStream);
  for (std::size_t size = 1; size < stream.size(); ++size) {
    const Pieces pieces{std::string_view(stream).substr(0, size)};
    for (const End end : {End::kWithLastBytes, End::kLater}) {
      const Replay body = replay(GateMode::kObserveBody, pieces, end, 1, ContentCoding::kGzip);
      EXPECT_TRUE(body.unread);
      EXPECT_THAT(body.bodies, IsEmpty());
      EXPECT_FALSE(replay(GateMode::kObserveEvents, pieces, end, 1, ContentCoding::kGzip).unread);
      const Replay decided = replay(GateMode::kDecideEvents, pieces, end, 1, ContentCoding::kGzip);
      EXPECT_TRUE(decided.failed);
      EXPECT_EQ(decided.events,
                replay(GateMode::kObserveEvents, pieces, end, 1, ContentCoding::kGzip).events);
    }
  }
}

TEST_F(GateTest, GivesUpReadingBombs) {
  limits.scan_bytes_max = 100'000;
  limits.decoded_bytes_max = 100'000;
  const std::string bomb = http::gzip(std::string(1'000'000, '\n'));
  for (const std::size_t cut : {std::size_t{1}, bomb.size() / 2}) {
    const Pieces pieces{std::string_view(bomb).substr(0, cut), std::string_view(bomb).substr(cut)};
    for (const GateMode mode : {GateMode::kObserveBody, GateMode::kObserveEvents}) {
      const Replay result = replay(mode, pieces, End::kWithLastBytes, 1, ContentCoding::kGzip);
      EXPECT_EQ(result.sent, bomb);
      EXPECT_TRUE(result.unread);
      EXPECT_THAT(result.bodies, IsEmpty());
    }
    const Replay decided =
        replay(GateMode::kDecideEvents, pieces, End::kWithLastBytes, 1, ContentCoding::kGzip);
    EXPECT_TRUE(decided.failed);
    EXPECT_LE(decided.sent.size(), limits.decoded_bytes_max);
  }
}

// What a few bytes stand for leaves in portions, so that a slow client does not make the gateway hold it all.
TEST_F(GateTest, HoldsOnlyAPortionOfWhatIsDecoded) {
  std::string stream;
  for (int i = 0; i < 50'000; ++i)
    stream += i % 10 == 3 ? "data: drop\n\n" : "data: something that stays\n\n";
  std::string kept = stream;
  for (std::size_t at = 0; (at = kept.find("data: drop\n\n", at)) != std::string::npos;) kept.erase(at, 12);
  const std::string encoded = http::gzip(stream);
  ASSERT_LT(encoded.size(), std::size_t{16} << 10);
  for (const std::size_t cut : {std::size_t{1}, encoded.size() / 2, encoded.size()}) {
    const Pieces pieces{std::string_view(encoded).substr(0, cut), std::string_view(encoded).substr(cut)};
    const Replay result = replay(GateMode::kDecideEvents, pieces, End::kLater, 1, ContentCoding::kGzip);
    EXPECT_FALSE(result.failed);
    EXPECT_TRUE(result.sent == kept) << result.sent.size() << " bytes for " << kept.size();
    EXPECT_LT(result.largest_send, std::size_t{100} << 10);
    EXPECT_GT(result.largest_send, std::size_t{32} << 10);
  }
}

TEST_F(GateTest, AnEmptyBodyIsEmptyInEveryCoding) {
  for (const std::string& body : {std::string(), http::gzip("")}) {
    for (const GateMode mode : {GateMode::kObserveBody, GateMode::kObserveEvents, GateMode::kDecideEvents}) {
      const Replay result = replay(mode, {body}, End::kLater, 1, ContentCoding::kGzip);
      EXPECT_FALSE(result.failed || result.unread);
      EXPECT_EQ(result.sent, mode == GateMode::kDecideEvents ? "" : body);
      EXPECT_THAT(result.bodies, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace archestra::proxy
