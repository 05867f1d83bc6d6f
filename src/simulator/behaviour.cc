#include "simulator/behaviour.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>

namespace archestra::simulator {
namespace {

constexpr std::string_view kPrefix = "x-sim-";
constexpr double kMillisecondsMax = 24.0 * 3600 * 1000;
constexpr std::uint64_t kTokensMax = 1'000'000;
constexpr std::uint64_t kToolCallsMax = 128;
constexpr std::uint64_t kBytesMax = std::uint64_t{256} << 20;
constexpr std::uint64_t kPositionMax = std::uint64_t{1} << 62;

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The type of a member, or of what an optional one holds.
template <class Member>
struct ValueOf {
  using Type = Member;
};
template <class Value>
struct ValueOf<std::optional<Value>> {
  using Type = Value;
};

template <auto member, std::uint64_t max>
bool set_number(Behaviour& behaviour, std::string_view text) {
  using Value = typename ValueOf<std::remove_reference_t<decltype(behaviour.*member)>>::Type;
  const auto value = parse_number<Value>(text);
  if (!value || std::cmp_greater(*value, max)) return false;
  const Value number = *value;
  behaviour.*member = number;
  return true;
}

template <auto member>
bool set_milliseconds(Behaviour& behaviour, std::string_view text) {
  const auto value = parse_number<double>(text);
  if (!value || !(*value >= 0 && *value <= kMillisecondsMax)) return false;
  behaviour.*member = base::Duration(std::llround(*value * 1e6));
  return true;
}

template <auto member>
bool set_fraction(Behaviour& behaviour, std::string_view text) {
  const auto value = parse_number<double>(text);
  if (!value || !(*value >= 0 && *value <= 1)) return false;
  behaviour.*member = *value;
  return true;
}

template <auto member>
bool set_switch(Behaviour& behaviour, std::string_view text) {
  behaviour.*member = !(text == "0" || text == "off" || text == "false");
  return true;
}

bool set_status(Behaviour& behaviour, std::string_view text) {
  const auto value = parse_number<int>(text);
  if (!value || (*value != 200 && (*value < 400 || *value > 599))) return false;
  behaviour.status = *value;
  return true;
}

bool set_usage(Behaviour& behaviour, std::string_view text) {
  if (text != "none" && text != "normal") return false;
  behaviour.usage = text == "normal";
  return true;
}

bool set_replay(Behaviour& behaviour, std::string_view text) {
  behaviour.replay = text;
  return true;
}

bool set_count(Behaviour& behaviour, std::string_view text) {
  if (text != "events" && text != "bytes") return false;
  behaviour.count_bytes = text == "bytes";
  return true;
}

bool set_chunks(Behaviour& behaviour, std::string_view text) {
  constexpr std::string_view kRandom = "random:";
  if (text == "whole") {
    behaviour.cut = Cut::kWhole;
  } else if (text == "byte") {
    behaviour.cut = Cut::kByte;
  } else {
    if (!text.starts_with(kRandom)) return false;
    const auto seed = parse_number<std::uint64_t>(text.substr(kRandom.size()));
    if (!seed) return false;
    behaviour.cut = Cut::kRandom;
    behaviour.cut_seed = *seed;
  }
  return true;
}

bool set_framing(Behaviour& behaviour, std::string_view text) {
  constexpr std::array<std::string_view, 4> kNames{"natural", "length", "chunked", "close"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text != kNames[i]) continue;
    behaviour.framing = static_cast<Framing>(i);
    return true;
  }
  return false;
}

using B = Behaviour;
constexpr Control kControls[] = {
    {"status", "CODE", "answer with this error, 400 to 599, in the provider's shape; 200: with none",
     set_status},
    {"latency-ms", "MS", "wait before the head", set_milliseconds<&B::latency>},
    {"latency-jitter-ms", "MS", "wait at most this much more", set_milliseconds<&B::latency_jitter>},
    {"ttft-ms", "MS", "wait between a stream's head and its first content",
     set_milliseconds<&B::first_token>},
    {"token-interval-ms", "MS", "wait between the tokens of a stream", set_milliseconds<&B::token_interval>},
    {"tokens", "N", "completion tokens of an answer", set_number<&B::tokens, kTokensMax>},
    {"body-bytes", "N", "pad a JSON answer to about this size", set_number<&B::body_bytes, kBytesMax>},
    {"tool-calls", "N", "ask for so many tool calls", set_number<&B::tool_calls, kToolCallsMax>},
    {"tool-call-fraction", "0..1", "of the calls that declare tools, ask for a tool call",
     set_fraction<&B::tool_call_fraction>},
    {"error-fraction", "0..1", "of all calls, answer with 429, 500 or 503", set_fraction<&B::error_fraction>},
    {"usage", "none|normal", "leave the usage out", set_usage},
    {"as-call", "N", "give the ids and words of the N-th call, whatever number this one has",
     set_number<&B::as_call, kPositionMax>},
    {"error-event", "N", "an error event after N events of a stream",
     set_number<&B::error_event, kTokensMax>},
    {"count", "events|bytes", "what the positions below count in a stream", set_count},
    {"stall-ms", "MS", "stop for this long in mid-body", set_milliseconds<&B::stall>},
    {"stall-after", "N", "where to stall: after N events, or bytes",
     set_number<&B::stall_after, kPositionMax>},
    {"cut-after", "N", "close after N events, or bytes", set_number<&B::cut_after, kPositionMax>},
    {"reset-after", "N", "reset the connection after N events, or bytes",
     set_number<&B::reset_after, kPositionMax>},
    {"end-after", "N", "end a stream after N events in good order, without those that should follow",
     set_number<&B::end_after, kTokensMax>},
    {"dribble", "N", "send N bytes at a time, 1 ms apart", set_number<&B::dribble_bytes, kBytesMax>},
    {"no-answer", "1", "take the request and say nothing", set_switch<&B::no_answer>},
    {"close", "1", "close without a byte", set_switch<&B::close>},
    {"garbage", "1", "answer with what is no HTTP", set_switch<&B::garbage>},
    {"bad-length", "N", "announce N bytes more (or less) than the body has, then close",
     set_number<&B::bad_length, kBytesMax>},
    {"replay", "PROVIDER/NAME", "answer with this recording", set_replay},
    {"chunks", "whole|byte|random:SEED", "the pieces in which a recording is sent", set_chunks},
    {"framing", "natural|length|chunked|close", "how the end of the body is told", set_framing},
};

}  // namespace

std::span<const Control> controls() { return kControls; }

bool set_control(Behaviour& behaviour, std::string_view name, std::string_view value) {
  for (const Control& control : kControls)
    if (http::equals_ignoring_case(control.name, name)) return control.set(behaviour, value);
  return false;
}

std::string_view apply_fields(Behaviour& behaviour, const http::Fields& fields) {
  for (const http::Field& field : fields) {
    if (field.name.size() <= kPrefix.size() || (field.name[0] | 0x20) != 'x') continue;
    if (!http::equals_ignoring_case(field.name.substr(0, kPrefix.size()), kPrefix)) continue;
    const std::string_view name = field.name.substr(kPrefix.size());
    if (http::equals_ignoring_case(name, "id")) continue;
    if (!set_control(behaviour, name, field.value)) return field.name;
  }
  return {};
}

}  // namespace archestra::simulator
