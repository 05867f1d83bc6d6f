#include "proxy/tool_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/test_splits.h"
#include "proxy/test_guarded_replay.h"

namespace archestra::proxy {
namespace {

using call::Decision;
using http::Pieces;
using providers::EventKind;
using testing::ElementsAre;
using testing::IsEmpty;

// A dialect of our own, so that the guard is tested and not a dialect: in an event "call:NAME" is a call, and
// "bad" makes it unread. What a refused event becomes is "-" for a call, with the text the first time, and
// the event itself for all else.
class ScriptedReader final : public providers::ToolCallReader {
 public:
  EventKind on_event(std::string_view raw) override { return read(raw); }
  EventKind on_body(std::string_view body, std::size_t) override { return read(body); }
  void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) override {
    const bool is_call = raw.contains("call:");
    const bool is_unread = raw.empty() || raw.contains("bad");
    if (!is_call && !is_unread) {
      out.append(raw);
      return;
    }
    if (!std::exchange(told_, true)) out.append("<").append(refusal).append(">");
    if (is_call) out.append("-");
  }
  void refuse_body(std::string_view body, std::string_view refusal, std::string& out) override {
    out.append(body.empty() ? "minimal " : "body ").append(refusal);
  }

 private:
  EventKind read(std::string_view raw) {
    if (raw.contains("bad")) return EventKind::kUnread;
    const std::size_t at = raw.find("call:");
    if (at == std::string_view::npos) return EventKind::kHarmless;
    const std::string_view rest = raw.substr(at + 5);
    calls_.push_back({.name = std::string(rest.substr(0, rest.find_first_of("\"\n "))), .arguments = "{}"});
    return EventKind::kToolCall;
  }
  bool told_ = false;
};

class ScriptedScan final : public providers::ResponseScan {
 public:
  providers::Verdict on_event(std::string_view raw) override {
    if (raw.contains("usage")) return providers::Verdict::kDrop;
    ++facts_.content_events;
    if (raw.contains("call:")) ++facts_.tool_calls;
    return providers::Verdict::kPass;
  }
  void on_body(std::string_view body, std::size_t) override {
    if (body.contains("call:")) ++facts_.tool_calls;
  }
};

class ScriptedProvider final : public providers::Provider {
 public:
  std::string_view name() const override { return "scripted"; }
  call::Route route(std::string_view, std::string_view, bool) const override { return {}; }
  providers::RequestFacts inspect(const call::Route&, std::string_view, std::size_t,
                                  providers::UsageOption) const override {
    return {};
  }
  std::unique_ptr<providers::ResponseScan> scan(const call::Route&,
                                                const providers::RequestFacts&) const override {
    return std::make_unique<ScriptedScan>();
  }
  std::unique_ptr<providers::ToolCallReader> tool_calls(const call::Route&,
                                                        const providers::RequestFacts&) const override {
    ++readers;
    return std::make_unique<ScriptedReader>();
  }
  std::string error_body(int, std::string_view, std::string_view) const override { return {}; }

  mutable int readers = 0;
};

struct Replay : GuardedReplay {
  int readers = 0;
};

// With a policy about the tool "forbidden".
class ToolGuardTest : public testing::Test {
 protected:
  void set_policy(model::InvocationAction action, model::PolicyMode mode = model::PolicyMode::kEnforce) {
    set = policy_about("forbidden", action, mode);
  }
  Replay replay(GateMode mode, const Pieces& pieces, End end = End::kWhole) {
    const ScriptedProvider provider;
    const call::Route route;
    const providers::RequestFacts request;
    Replay result{replay_guarded({.provider = provider,
                                  .route = route,
                                  .request = request,
                                  .policies = set,
                                  .mode = mode,
                                  .held_bytes_max = held_bytes_max,
                                  .scan_bytes_max = scan_bytes_max,
                                  .event_bytes_max = 64},
                                 pieces, end)};
    result.readers = provider.readers;
    return result;
  }

  policy::PolicySetRef set = policy::no_policies();
  std::size_t held_bytes_max = std::size_t{1} << 20;
  std::size_t scan_bytes_max = std::size_t{1} << 20;
};

constexpr std::string_view kAllowed = "data: a\n\ndata: call:fine\n\ndata: b\n\ndata: usage\n\ndata: end\n\n";
constexpr std::string_view kForbidden =
    "data: a\n\ndata: call:fine\n\ndata: b\n\ndata: call:forbidden\n\ndata: end\n\n";

TEST_F(ToolGuardTest, WithoutPoliciesNothingWaitsAndNamesAreRead) {
  http::for_each_split(kForbidden, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kObserveEvents, pieces);
    EXPECT_EQ(result.sent, kForbidden);
    EXPECT_THAT(result.decisions, ElementsAre("fine allowed", "forbidden allowed"));
  });
  EXPECT_EQ(replay(GateMode::kObserveEvents, {"data: a\n\n"}).readers, 0) << "only where there is a call";
}

TEST_F(ToolGuardTest, LetsTextPassAndHoldsCallsUntilTheEnd) {
  set_policy(model::InvocationAction::kBlockAlways);
  std::string expected(kAllowed);
  expected.erase(expected.find("data: usage\n\n"), 13);
  http::for_each_split(kAllowed, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideEvents, pieces);
    EXPECT_EQ(result.sent, expected);
    EXPECT_THAT(result.decisions, ElementsAre("fine allowed"));
    EXPECT_EQ(result.delivery.events_delivered, 4u);
  });
  const Replay waiting =
      replay(GateMode::kDecideEvents, {"data: a\n\ndata: call:fine\n\ndata: b\n\n"}, End::kBroken);
  EXPECT_EQ(waiting.sent, "data: a\n\n");
  EXPECT_THAT(waiting.decisions, IsEmpty()) << "they never were to reach the client";
  EXPECT_EQ(waiting.delivery.events, 3u);
  EXPECT_EQ(waiting.delivery.events_delivered, 1u);
}

TEST_F(ToolGuardTest, RefusesAllCallsOfAResponseTogether) {
  set_policy(model::InvocationAction::kBlockAlways);
  const std::string first = replay(GateMode::kDecideEvents, {kForbidden}).sent;
  EXPECT_TRUE(first.starts_with("data: a\n\n<")) << first;
  EXPECT_TRUE(first.ends_with(">-data: b\n\n-data: end\n\n")) << first;
  for (const std::string_view part : {"fine", "forbidden", "not here"})
    EXPECT_NE(first.find(part), std::string::npos) << part << " in " << first;
  http::for_each_split(kForbidden, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideEvents, pieces);
    EXPECT_EQ(result.sent, first);
    EXPECT_THAT(result.decisions, ElementsAre("fine blocked", "forbidden blocked"));
  });
}

TEST_F(ToolGuardTest, APolicyThatObservesHoldsNothing) {
  set_policy(model::InvocationAction::kBlockAlways, model::PolicyMode::kObserve);
  const Replay result = replay(GateMode::kObserveEvents, {kForbidden});
  EXPECT_EQ(result.sent, kForbidden);
  EXPECT_THAT(result.decisions, ElementsAre("fine allowed", "forbidden would_block"));
}

TEST_F(ToolGuardTest, WhatCannotBeReadIsRefused) {
  set_policy(model::InvocationAction::kBlockAlways);
  const std::string stream = "data: a\n\ndata: bad\n\ndata: b\n\n";
  http::for_each_split(stream, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideEvents, pieces);
    EXPECT_TRUE(result.sent.starts_with("data: a\n\n<The answer could not be read")) << result.sent;
    EXPECT_TRUE(result.sent.ends_with(">data: b\n\n")) << result.sent;
    EXPECT_THAT(result.decisions, ElementsAre("__unread__ blocked"));
  });
  // Longer than an event may be: nobody waits for its end, and calls behind it are refused too.
  const std::string large =
      "data: a\n\ndata: " + std::string(500, 'x') + "\n\ndata: call:fine\n\ndata: end\n\n";
  http::for_each_split(large, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideEvents, pieces);
    EXPECT_TRUE(result.sent.starts_with("data: a\n\n<")) << result.sent;
    EXPECT_TRUE(result.sent.ends_with(">-data: end\n\n")) << result.sent;
    EXPECT_THAT(result.decisions, ElementsAre("__unread__ blocked", "fine blocked"));
  });
  // Not ended by an empty line, which not every client asks for.
  const Replay unended = replay(GateMode::kDecideEvents, {"data: a\n\ndata: call:forbidden\n"});
  EXPECT_EQ(unended.sent.find("data: call"), std::string::npos) << unended.sent;
  EXPECT_THAT(unended.decisions, ElementsAre("forbidden blocked"));
}

TEST_F(ToolGuardTest, WhatIsTooMuchToHoldIsRefusedAtOnce) {
  set_policy(model::InvocationAction::kBlockAlways);
  held_bytes_max = 100;
  std::string stream = "data: a\n\ndata: call:fine\n\n";
  for (int i = 0; i < 20; ++i) stream += "data: more " + std::to_string(i) + "\n\n";
  stream += "data: call:late\n\n";
  const std::string first = replay(GateMode::kDecideEvents, {stream}).sent;
  EXPECT_TRUE(first.starts_with("data: a\n\n<")) << first;
  EXPECT_NE(first.find("too long"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("data: more 19\n\n-")) << first;
  http::for_each_split(stream, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideEvents, pieces);
    EXPECT_EQ(result.sent, first);
    EXPECT_THAT(result.decisions, ElementsAre("fine blocked", "late blocked"));
  });
}

constexpr std::string_view kArray = "[{\"text\":\"a\"}\n,\r\n{\"call:fine\":1}\n,\n{\"b\":2}\n]\n";

TEST_F(ToolGuardTest, ArraysKeepTheirBytes) {
  set_policy(model::InvocationAction::kBlockAlways);
  for (const std::string_view array : {kArray, std::string_view("[]"), std::string_view(" [ {} , {} ] ")})
    http::for_each_split(array, [&](const Pieces& pieces) {
      EXPECT_EQ(replay(GateMode::kDecideElements, pieces).sent, array);
    });
}

TEST_F(ToolGuardTest, ArraysThatAreRefusedStayArrays) {
  set_policy(model::InvocationAction::kBlockAlways);
  const std::string array = "[{\"text\":\"a\"}\n,\r\n{\"call:forbidden\":1}\n,\n{\"b\":2}\n]\n";
  http::for_each_split(array, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideElements, pieces);
    EXPECT_TRUE(result.sent.starts_with("[{\"text\":\"a\"},<")) << result.sent;
    EXPECT_TRUE(result.sent.ends_with(">-,{\"b\":2}]")) << result.sent;
    EXPECT_THAT(result.decisions, ElementsAre("forbidden blocked"));
  });
  // Nothing has left yet.
  const Replay first = replay(GateMode::kDecideElements, {"[{\"call:forbidden\":1},{\"call:forbidden\":2}]"});
  EXPECT_TRUE(first.sent.starts_with("[<")) << first.sent;
  EXPECT_TRUE(first.sent.ends_with(">-,-]")) << first.sent;
}

TEST_F(ToolGuardTest, AnArrayThatBeginsWithWhatIsTooLongStaysOne) {
  set_policy(model::InvocationAction::kBlockAlways);
  const std::string array = "[{\"text\":\"" + std::string(500, 'x') + "\"},{\"b\":2}]";
  http::for_each_split(array, [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideElements, pieces);
    EXPECT_TRUE(result.sent.starts_with("[<The answer could not be read")) << result.sent;
    EXPECT_TRUE(result.sent.ends_with(">,{\"b\":2}]")) << result.sent;
    EXPECT_THAT(result.decisions, ElementsAre("__unread__ blocked"));
  });
}

TEST_F(ToolGuardTest, WhatIsNoArrayIsRefused) {
  set_policy(model::InvocationAction::kBlockAlways);
  for (const std::string_view stream :
       {std::string_view("data: {\"call:x\":1}\n\n"), std::string_view("[{\"a\":1}] data: {}"),
        std::string_view("[{\"a\":1},{\"b\":"), std::string_view("{\"a\":1}{\"b\":2}")})
    http::for_each_split(stream, [&](const Pieces& pieces) {
      const Replay result = replay(GateMode::kDecideElements, pieces);
      EXPECT_NE(result.sent.find("could not be read"), std::string::npos) << stream << ": " << result.sent;
      EXPECT_EQ(result.sent.find("data:"), std::string::npos) << result.sent;
      EXPECT_THAT(result.decisions, ElementsAre("__unread__ blocked"));
    });
}

TEST_F(ToolGuardTest, BodiesWaitUntilTheyAreWhole) {
  set_policy(model::InvocationAction::kBlockAlways);
  for (const std::string_view body : {"{\"call:fine\":1}", "{\"text\":\"a\"}", ""})
    http::for_each_split(body, [&](const Pieces& pieces) {
      EXPECT_EQ(replay(GateMode::kDecideBody, pieces).sent, body);
      EXPECT_EQ(replay(GateMode::kDecideBody, pieces, End::kBroken).sent, "") << "half a body is not judged";
    });
  http::for_each_split("{\"call:forbidden\":1}", [&](const Pieces& pieces) {
    const Replay result = replay(GateMode::kDecideBody, pieces);
    EXPECT_TRUE(result.sent.starts_with("body ")) << result.sent;
    EXPECT_THAT(result.decisions, ElementsAre("forbidden blocked"));
  });
  EXPECT_TRUE(replay(GateMode::kDecideBody, {"bad"}).sent.starts_with("minimal "));
  scan_bytes_max = 10;
  EXPECT_TRUE(replay(GateMode::kDecideBody, {"{\"text\":\"a\"}"}).sent.starts_with("minimal "));
}

TEST_F(ToolGuardTest, BodiesThatOnlyPassAreReadForTheirCalls) {
  const Replay result = replay(GateMode::kObserveBody, {"{\"call:forbidden\":1}"});
  EXPECT_EQ(result.sent, "{\"call:forbidden\":1}");
  EXPECT_THAT(result.decisions, ElementsAre("forbidden allowed"));
  EXPECT_EQ(replay(GateMode::kObserveBody, {"{}"}).readers, 0);
}

}  // namespace
}  // namespace archestra::proxy
