// The attribute lists of spans and resources (opentelemetry.proto.common.v1.KeyValue). Keys within one
// list must differ: that is the caller's care. Sizes are computed before anything is written, because
// attributes are most of a span's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/proto_writer.h"

namespace archestra::telemetry::otlp {

class AttributeWriter {
 public:
  /// `field`: of the repeated KeyValue in the message that is being written.
  AttributeWriter(ProtoWriter& out, std::uint32_t field) : out_(out), field_(field) {}

  // `key` is one of our own names, valid UTF-8. Values may be any bytes.

  void string(std::string_view key, std::string_view value) { own_string(key, out_.valid(value)); }
  /// A value that is one of our own words, so valid UTF-8 as the key is: nobody looks whether it is.
  void own_string(std::string_view key, std::string_view value);
  /// Nothing where the value is empty.
  void string_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) string(key, value);
  }
  void integer(std::string_view key, std::uint64_t value);
  void signed_integer(std::string_view key, std::int64_t value) {
    integer(key, static_cast<std::uint64_t>(value));  // in ten bytes where it is negative, as int64 wants it
  }
  void boolean(std::string_view key, bool value);
  void real(std::string_view key, double value);
  void strings(std::string_view key, std::span<const std::string_view> values);

 private:
  /// Begins a KeyValue whose AnyValue takes `value_size` bytes; returns where they go.
  char* begin(std::string_view key, std::size_t value_size);

  ProtoWriter& out_;
  const std::uint32_t field_;
};

}  // namespace archestra::telemetry::otlp
