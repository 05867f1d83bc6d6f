// The attribute lists of spans and resources (opentelemetry.proto.common.v1.KeyValue). Keys within one
// list must differ: that is the caller's care. Attributes are most of a span's bytes, so sizes are computed
// before anything is written, and what writes them is inlined: the bytes of a key that the compiler knows are
// then stored as constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/proto_writer.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry::otlp {

class AttributeWriter {
 public:
  /// `field`: of the repeated KeyValue in the message that is being written.
  AttributeWriter(ProtoWriter& out, std::uint32_t field) : out_(out), field_(field) {}

  // `key` is one of our own names, valid UTF-8. Values may be any bytes.

  [[gnu::always_inline]] void string(std::string_view key, std::string_view value) {
    own_string(key, out_.valid(value));
  }
  /// A value that is one of our own words, so valid UTF-8 as the key is: nobody looks whether it is.
  [[gnu::always_inline]] void own_string(std::string_view key, std::string_view value) {
    char* at = begin(key, length_field_size(kStringValue, value.size()));
    out_.written_to(put_bytes(put_length(at, kStringValue, value.size()), value));
  }
  /// Nothing where the value is empty.
  [[gnu::always_inline]] void string_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) string(key, value);
  }
  [[gnu::always_inline]] void integer(std::string_view key, std::uint64_t value) {
    char* at = begin(key, 1 + varint_size(value));
    out_.written_to(put_varint(put_tag(at, kIntValue, WireType::kVarint), value));
  }
  void signed_integer(std::string_view key, std::int64_t value) {
    integer(key, static_cast<std::uint64_t>(value));  // in ten bytes where it is negative, as int64 wants it
  }
  [[gnu::always_inline]] void boolean(std::string_view key, bool value) {
    char* at = begin(key, 2);
    out_.written_to(put_varint(put_tag(at, kBoolValue, WireType::kVarint), value ? 1 : 0));
  }
  void real(std::string_view key, double value);
  void strings(std::string_view key, std::span<const std::string_view> values);

 private:
  // Fields of KeyValue and AnyValue.
  static constexpr std::uint32_t kKey = 1;
  static constexpr std::uint32_t kValue = 2;
  static constexpr std::uint32_t kStringValue = 1;
  static constexpr std::uint32_t kBoolValue = 2;
  static constexpr std::uint32_t kIntValue = 3;
  static constexpr std::uint32_t kDoubleValue = 4;
  static constexpr std::uint32_t kArrayValue = 5;

  /// Begins a KeyValue whose AnyValue takes `value_size` bytes; returns where they go.
  [[gnu::always_inline]] char* begin(std::string_view key, std::size_t value_size) {
    const std::size_t size = length_field_size(kKey, key.size()) + length_field_size(kValue, value_size);
    char* at = out_.room(length_field_size(field_, size));
    at = put_length(at, field_, size);
    at = put_bytes(put_length(at, kKey, key.size()), key);
    return put_length(at, kValue, value_size);
  }

  ProtoWriter& out_;
  const std::uint32_t field_;
};

/// Whether agent.<key> would hide the agent's id or name.
inline bool hides_agent(std::string_view key) { return key == "id" || key == "name"; }
/// The agent's own labels, as agent.<key>, without those that would hide its id or name, and the second of
/// two.
void put_agent_labels(AttributeWriter& attributes, std::span<const LabelView> labels);

}  // namespace archestra::telemetry::otlp
