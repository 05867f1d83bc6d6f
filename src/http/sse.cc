#include "http/sse.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "http/chars.h"

namespace archestra::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Line {
  std::string_view name;
  std::string_view value;
};

/// Takes the first line off `rest` and splits it (WHATWG HTML section 9.2.6). A comment has an empty name.
Line take_line(std::string_view& rest) {
  const char* const end = find_line_end(rest.data(), rest.data() + rest.size());
  const std::string_view line = rest.substr(0, static_cast<std::size_t>(end - rest.data()));
  // The LF of a CRLF is left behind as an empty line, which means nothing within an event.
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {line, ""};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace

SseReader::SseReader(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {
  ARCHESTRA_ASSERT(event_bytes_max > 0, "an event has at least one byte");
}

void SseReader::feed(std::string_view bytes) {
  ARCHESTRA_ASSERT(pending_.empty(), "what was fed before has been taken");
  pending_ = bytes;
}

std::optional<SseReader::Event> SseReader::next() {
  if (carry_given_out_) carry_.clear();
  carry_given_out_ = false;

  const std::size_t room = event_bytes_max_ - carry_.size();
  const std::string_view window = pending_.substr(0, room);
  bool ended = false;
  std::size_t size = scan(window, ended);
  const bool more = size < pending_.size();
  if (!ended && !more) {
    carry_.append(pending_);
    pending_ = {};
    return std::nullopt;
  }
  if (!ended && at_ == At::kAfterLastCr && pending_[size] != '\n') {
    ended = true;  // exactly as long as the bound
    at_ = At::kLineStart;
  }
  const bool oversized = oversized_ || !ended;
  oversized_ = !ended;
  return Event{take(size), oversized};
}

std::size_t SseReader::scan(std::string_view window, bool& ended) {
  const char* at = window.data();
  const char* const end = at + window.size();
  for (ended = false; at != end && !ended;) {
    const bool is_lf = *at == '\n';
    const bool is_cr = *at == '\r';
    switch (at_) {
      case At::kAfterLastCr:
        ended = true;
        at_ = At::kLineStart;
        if (is_lf) ++at;
        break;
      case At::kAfterCr:
        at_ = At::kLineStart;
        if (is_lf) ++at;
        break;
      case At::kLineStart:
        if (is_lf) ended = true;
        at_ = is_lf ? At::kLineStart : is_cr ? At::kAfterLastCr : At::kInLine;
        ++at;
        break;
      case At::kInLine:
        at = find_line_end(at, end);
        if (at != end) at_ = *at++ == '\n' ? At::kLineStart : At::kAfterCr;
        break;
    }
  }
  return static_cast<std::size_t>(at - window.data());
}

std::string_view SseReader::take(std::size_t size) {
  const std::string_view taken = pending_.substr(0, size);
  pending_.remove_prefix(size);
  if (carry_.empty()) return taken;
  carry_given_out_ = true;
  return carry_.append(taken);
}

std::optional<std::string_view> sse_data(std::string_view raw_event, std::string& scratch) {
  std::optional<std::string_view> data;
  bool joined = false;
  for (std::string_view rest = without_byte_order_mark(raw_event); !rest.empty();) {
    const Line line = take_line(rest);
    if (line.name != "data") continue;
    if (!data) {
      data = line.value;
      continue;
    }
    if (!joined) scratch.assign(*data);
    joined = true;
    scratch.append(1, '\n').append(line.value);
  }
  if (joined) return scratch;
  return data;
}

bool is_well_formed_sse(std::string_view raw_event) {
  constexpr std::array<std::string_view, 5> kNames{"", "data", "event", "id", "retry"};
  for (std::string_view rest = without_byte_order_mark(raw_event); !rest.empty();)
    if (std::ranges::find(kNames, take_line(rest).name) == kNames.end()) return false;
  return true;
}

std::string_view sse_event_name(std::string_view raw_event) {
  std::string_view name;
  for (std::string_view rest = without_byte_order_mark(raw_event); !rest.empty();) {
    const Line line = take_line(rest);
    if (line.name == "event") name = line.value;  // the last one counts
  }
  return name;
}

namespace {

void append_data(std::string& out, std::string_view data) {
  while (true) {
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    out.append("data: ").append(data.substr(0, end)) += '\n';
    if (end == data.size()) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out += '\n';
}

}  // namespace

void append_sse_with_data(std::string& out, std::string_view raw_event, std::string_view data) {
  for (std::string_view rest = without_byte_order_mark(raw_event); !rest.empty();) {
    const std::string_view before = rest;
    if (take_line(rest).name == "data") continue;
    const std::size_t size = before.find_first_of("\r\n");
    if (size == 0 || size == std::string_view::npos) continue;
    out.append(before.substr(0, size)) += '\n';
  }
  append_data(out, data);
}

void append_sse(std::string& out, std::string_view name, std::string_view data) {
  if (!name.empty()) out.append("event: ").append(name) += '\n';
  append_data(out, data);
}

}  // namespace archestra::http
