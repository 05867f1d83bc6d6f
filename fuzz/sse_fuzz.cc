// Event streams: events are the same however the bytes are cut, are what a plain reading of the rules
// gives, and with the unfinished rest they are the stream.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "cuts.h"
#include "http/sse.h"

namespace archestra::fuzz {
namespace {

struct Event {
  std::string raw;
  bool oversized = false;
  bool operator==(const Event&) const = default;
};

struct Outcome {
  std::vector<Event> events;
  std::string unfinished;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const Pieces& pieces, std::size_t event_bytes_max) {
  http::SseReader reader(event_bytes_max);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    reader.feed(piece);
    while (const auto event = reader.next()) {
      ARCHESTRA_ASSERT(!event->raw.empty() && event->raw.size() <= event_bytes_max,
                       "an event is within its bound");
      outcome.events.push_back({std::string(event->raw), event->oversized});
    }
  }
  outcome.unfinished = reader.unfinished();
  return outcome;
}

/// Where the line at `at` ends, its line end included; nothing where the input ends first or with a CR.
std::optional<std::size_t> line_end(std::string_view input, std::size_t at) {
  at = input.find_first_of("\r\n", at);
  if (at == std::string_view::npos) return std::nullopt;
  if (input[at] == '\n') return at + 1;
  if (at + 1 == input.size()) return std::nullopt;
  return input[at + 1] == '\n' ? at + 2 : at + 1;
}

/// The same by lines of the whole input, with no bound.
Outcome read_plainly(std::string_view input) {
  Outcome outcome;
  std::size_t begin = 0;
  for (std::size_t at = 0;;) {
    const auto next = line_end(input, at);
    if (!next) break;
    const bool is_empty = input[at] == '\r' || input[at] == '\n';
    at = *next;
    if (!is_empty) continue;
    outcome.events.push_back({std::string(input.substr(begin, at - begin)), false});
    begin = at;
  }
  outcome.unfinished = input.substr(begin);
  return outcome;
}

std::optional<std::string> plain_data(std::string_view raw) {
  if (raw.starts_with("\xEF\xBB\xBF")) raw.remove_prefix(3);
  std::optional<std::string> data;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find_first_of("\r\n", at), raw.size());
    const std::string_view line = raw.substr(at, end - at);
    at = end + 1;
    if (line != "data" && !line.starts_with("data:")) continue;
    std::string_view value = line.substr(std::min<std::size_t>(line.size(), 5));
    if (value.starts_with(' ')) value.remove_prefix(1);
    data = data ? *data + "\n" + std::string(value) : std::string(value);
  }
  return data;
}

void check_cuts(std::string_view input, std::size_t event_bytes_max) {
  const Outcome expected = read(whole(input), event_bytes_max);
  std::string all;
  for (const Event& event : expected.events) all += event.raw;
  ARCHESTRA_ASSERT(all + expected.unfinished == input, "no byte is lost");
  for (const std::size_t size_max : {1u, 3u, 40u})
    ARCHESTRA_ASSERT(read(cut(input, size_max), event_bytes_max) == expected, "the cut does not matter");
  if (event_bytes_max >= input.size())
    ARCHESTRA_ASSERT(expected == read_plainly(input), "events are what the rules say");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const std::size_t event_bytes_max : {std::size_t{1}, std::size_t{16}, std::size_t{64}, size + 1})
    fuzz::check_cuts(input, event_bytes_max);
  for (const auto& event : fuzz::read_plainly(input).events) {
    std::string scratch;
    const auto found = http::sse_data(event.raw, scratch);
    const auto expected = fuzz::plain_data(event.raw);
    ARCHESTRA_ASSERT(found.has_value() == expected.has_value() && (!found || *found == *expected),
                     "data is what the rules say");
    ARCHESTRA_ASSERT(event.raw.find(http::sse_event_name(event.raw)) != std::string::npos,
                     "a name is from the event");
  }
  return 0;
}
