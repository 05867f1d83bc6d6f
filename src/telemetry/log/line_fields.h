// The fields of one log line, in either format: a JSON object, or text as base/logfmt.h has it. On the export
// thread; a line has some thirty fields, so each but a text is written into room that is made for it once.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

/// Appends to `out`, which outlives it. Keys are our own and need no escapes; no two are equal.
class LineFields {
 public:
  LineFields(std::string& out, base::LogFormat format)
      : out_(out), is_json_(format == base::LogFormat::kJson) {}

  void text(std::string_view key, std::string_view value);
  void text_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  void number(std::string_view key, std::uint64_t value);
  void boolean(std::string_view key, bool value);
  /// Milliseconds, to the microsecond.
  void milliseconds(std::string_view key, base::Duration value);
  void time(std::string_view key, base::WallTime value);
  template <std::size_t N>
  void hex(std::string_view key, const base::HexId<N>& id) {
    hex_bytes(key, id.bytes);
  }
  /// A list of texts: an array, or `key=a,b`.
  void list(std::string_view key, std::span<const std::string_view> values);
  /// Names that users gave, and values: an object, or `key.name=value` for each.
  void labels(std::string_view key, std::span<const LabelView> labels);
  /// Ends the line.
  void end() { out_ += is_json_ ? "}\n" : "\n"; }

 private:
  static constexpr std::size_t kDigitsMax = 20;

  /// The key, and a value of `value_bytes_max` at most: `write` puts it at a place and returns its end.
  template <class Write>
  void put(std::string_view key, std::size_t value_bytes_max, Write write);
  void start(std::string_view key);
  void hex_bytes(std::string_view key, std::span<const std::uint8_t> bytes);

  std::string& out_;
  const bool is_json_;
  bool is_first_ = true;
};

}  // namespace archestra::telemetry
