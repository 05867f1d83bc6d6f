#include "traffic/mix.h"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace archestra::traffic {
namespace {

// Out of 100 calls.
struct Share {
  Kind kind;
  std::uint64_t percent;
};
constexpr Share kShares[] = {{Kind::kChat, 37},      {Kind::kStream, 37}, {Kind::kTools, 6},
                             {Kind::kToolStream, 6}, {Kind::kError, 6},   {Kind::kStalled, 2},
                             {Kind::kBroken, 2},     {Kind::kAborted, 4}};

// Half of the calls with tools could send mail, which a policy of one of the demo's agents keeps them from.
constexpr std::array<std::string_view, 2> kTools{kLookUpTool, kMailTool};
constexpr std::array<std::string_view, 3> kApplications{"support-bot", "code-review", "research"};
constexpr std::array<int, 4> kStatuses{400, 429, 500, 503};
constexpr int kStallMs = 1500;
constexpr int kEventsBeforeFault = 6;
constexpr std::string_view kQuestion = "Summarise the ticket, name the customer and say what to do next. ";

template <std::size_t size, class T>
T pick(base::Random& random, const std::array<T, size>& from) {
  return from[random.below(size)];
}

Kind pick_kind(base::Random& random) {
  std::uint64_t ticket = random.below(100);
  for (const Share& share : kShares) {
    if (ticket < share.percent) return share.kind;
    ticket -= share.percent;
  }
  return Kind::kChat;
}

bool has_tools(Kind kind) { return kind == Kind::kTools || kind == Kind::kToolStream; }

bool is_stream(Kind kind) {
  return kind == Kind::kStream || kind == Kind::kToolStream || kind == Kind::kStalled ||
         kind == Kind::kBroken || kind == Kind::kAborted;
}

Question make_question(base::Random& random, const CallPlan& plan) {
  Question question{.text = {}, .stream = plan.stream, .tool = {}};
  if (has_tools(plan.kind)) question.tool = pick(random, kTools);
  for (std::uint64_t i = 1 + random.below(20); i > 0; --i) question.text.append(kQuestion);
  question.wants_usage = random.below(2) == 0;  // half of all clients do
  return question;
}

std::string make_fields(base::Random& random, const CallPlan& plan) {
  std::string fields;
  auto out = std::back_inserter(fields);
  fmt::format_to(out, "x-archestra-agent-id: {}\r\nx-sim-tokens: {}\r\n", pick(random, kApplications),
                 10 + random.below(60));
  if (plan.stream)
    fmt::format_to(out, "x-sim-ttft-ms: {}\r\nx-sim-token-interval-ms: {}\r\n", 60 + random.below(300),
                   5 + random.below(15));
  else
    fmt::format_to(out, "x-sim-latency-ms: {}\r\nx-sim-latency-jitter-ms: 200\r\n", 100 + random.below(700));
  if (has_tools(plan.kind)) fmt::format_to(out, "x-sim-tool-calls: {}\r\n", 1 + random.below(2));
  if (plan.kind == Kind::kError) fmt::format_to(out, "x-sim-status: {}\r\n", pick(random, kStatuses));
  if (plan.kind == Kind::kStalled)
    fmt::format_to(out, "x-sim-stall-ms: {}\r\nx-sim-stall-after: {}\r\n", kStallMs, kEventsBeforeFault);
  if (plan.kind == Kind::kBroken) fmt::format_to(out, "x-sim-cut-after: {}\r\n", kEventsBeforeFault);
  return fields;
}

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames{
      "chat",          "chat, streamed",      "tool calls",   "tool calls, streamed", "provider errors",
      "stream stalls", "provider breaks off", "client leaves"};
  return kNames[static_cast<std::size_t>(kind)];
}

CallPlan next_plan(base::Random& random, std::span<const Dialect> dialects) {
  CallPlan plan;
  plan.dialect = dialects[random.below(dialects.size())];
  plan.kind = pick_kind(random);
  plan.stream = is_stream(plan.kind);
  if (plan.kind == Kind::kAborted) plan.abort_after = 2 + static_cast<std::uint32_t>(random.below(6));
  DialectCall call = write_call(plan.dialect, make_question(random, plan), random);
  plan.path = std::move(call.path);
  plan.body = std::move(call.body);
  plan.fields = std::move(call.fields) + make_fields(random, plan);
  return plan;
}

}  // namespace archestra::traffic
