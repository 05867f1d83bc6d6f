// The fields of one log line, in either format: a JSON object, or text as base/logfmt.h has it. On the export
// thread; a line has some thirty fields, so each is written into room that is made for it once, and what puts
// its key is inlined: the bytes of a key that the compiler knows are then stored as constants.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json_text.h"
#include "base/log.h"
#include "telemetry/log/field_name.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

/// Appends to `out`, which outlives it and is not to be looked at before end(). Keys are our own and need no
/// escapes; no two are equal. A sink of put_fields().
class LineFields {
 public:
  LineFields(std::string& out, base::LogFormat format)
      : out_(out), at_(out.data() + out.size()), end_(at_), is_json_(format == base::LogFormat::kJson) {}

  [[gnu::always_inline]] void text(FieldName name, std::string_view value) { put_text(name.key, value); }
  [[gnu::always_inline]] void text_unless_empty(FieldName name, std::string_view value) {
    if (!value.empty()) put_text(name.key, value);
  }
  [[gnu::always_inline]] void number(FieldName name, std::uint64_t value) {
    put(name.key, kDigitsMax, [&](char* at) { return std::to_chars(at, at + kDigitsMax, value).ptr; });
  }
  void boolean(FieldName name, bool value);
  /// Milliseconds, to the microsecond.
  void milliseconds(FieldName name, base::Duration value);
  /// A list of texts: an array, or `key=a,b`.
  void list(FieldName name, std::span<const std::string_view> values);
  /// Labels that users gave: an object, or `labels.name=value` for each.
  void labels(std::span<const LabelView> labels);
  void time(base::WallTime value);
  void level(base::LogLevel level) { put_text("level", base::name_of(level)); }
  void message(const LineMessage& message) { put_text("message", message.text); }
  void trace(const call::TraceContext& trace) {
    hex_bytes("trace_id", trace.trace_id.bytes);
    hex_bytes("span_id", trace.span_id.bytes);
  }
  /// Ends the line.
  void end() {
    append([&](std::string& out) { out += is_json_ ? "}\n" : "\n"; });
  }

 private:
  static constexpr std::size_t kDigitsMax = 20;
  static constexpr std::size_t kRoomMin = 1024;

  /// The key, and a value of `value_bytes_max` at most: `write` puts it at a place and returns its end.
  template <class Write>
  [[gnu::always_inline]] void put(std::string_view key, std::size_t value_bytes_max, Write write) {
    at_ = write(put_key(room(key.size() + 4 + value_bytes_max), key));
    is_first_ = false;
  }
  [[gnu::always_inline]] char* put_key(char* at, std::string_view key) const {
    if (!is_json_) {
      if (!is_first_) *at++ = ' ';
      return copied(copied(at, key), "=");
    }
    *at++ = is_first_ ? '{' : ',';
    *at++ = '"';
    return copied(copied(at, key), "\":");
  }
  [[gnu::always_inline]] static char* copied(char* at, std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }

  [[gnu::always_inline]] char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      make_room(bytes);
    return at_;
  }
  void make_room(std::size_t bytes);
  /// For those who append to a text: `append` is called with `out_`, which then ends where it is written to.
  template <class Append>
  void append(Append append) {
    out_.resize(static_cast<std::size_t>(at_ - out_.data()));
    append(out_);
    at_ = end_ = out_.data() + out_.size();
  }

  [[gnu::always_inline]] void put_text(std::string_view key, std::string_view value) {
    if (!is_json_ || base::plain_prefix(value) != value.size()) [[unlikely]]
      return text_with_escapes(key, value);
    put(key, value.size() + 2, [&](char* at) {
      *at++ = '"';
      at = copied(at, value);
      *at++ = '"';
      return at;
    });
  }
  void start(std::string_view key);
  void text_with_escapes(std::string_view key, std::string_view value);
  void hex_bytes(std::string_view key, std::span<const std::uint8_t> bytes);

  std::string& out_;  // its size is the room at hand,
  char* at_;          // written to here.
  char* end_;
  const bool is_json_;
  bool is_first_ = true;
};

}  // namespace archestra::telemetry
