#include "telemetry/otlp/attributes.h"

#include <bit>
#include <cstring>

namespace archestra::telemetry::otlp {
namespace {

// Fields of KeyValue, AnyValue and ArrayValue.
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2;
constexpr std::uint32_t kStringValue = 1;
constexpr std::uint32_t kBoolValue = 2;
constexpr std::uint32_t kIntValue = 3;
constexpr std::uint32_t kDoubleValue = 4;
constexpr std::uint32_t kArrayValue = 5;
constexpr std::uint32_t kArrayValues = 1;

}  // namespace

char* AttributeWriter::begin(std::string_view key, std::size_t value_size) {
  const std::size_t size = length_field_size(kKey, key.size()) + length_field_size(kValue, value_size);
  char* at = out_.room(length_field_size(field_, size));
  at = put_length(at, field_, size);
  at = put_bytes(put_length(at, kKey, key.size()), key);
  return put_length(at, kValue, value_size);
}

void AttributeWriter::own_string(std::string_view key, std::string_view value) {
  char* at = begin(key, length_field_size(kStringValue, value.size()));
  out_.written_to(put_bytes(put_length(at, kStringValue, value.size()), value));
}

void AttributeWriter::integer(std::string_view key, std::uint64_t value) {
  char* at = begin(key, 1 + varint_size(value));
  out_.written_to(put_varint(put_tag(at, kIntValue, WireType::kVarint), value));
}

void AttributeWriter::boolean(std::string_view key, bool value) {
  char* at = begin(key, 2);
  out_.written_to(put_varint(put_tag(at, kBoolValue, WireType::kVarint), value ? 1 : 0));
}

void AttributeWriter::real(std::string_view key, double value) {
  char* at = put_tag(begin(key, 1 + sizeof value), kDoubleValue, WireType::kFixed64);
  std::memcpy(at, &value, sizeof value);
  out_.written_to(at + sizeof value);
}

void AttributeWriter::strings(std::string_view key, std::span<const std::string_view> values) {
  const auto list = out_.begin_message(field_);
  out_.bytes_field(kKey, key);
  const auto value = out_.begin_message(kValue);
  const auto array = out_.begin_message(kArrayValue);
  for (const std::string_view text : values) {
    const auto item = out_.begin_message(kArrayValues);
    out_.string_field(kStringValue, text);
    out_.end_message(item);
  }
  out_.end_message(array);
  out_.end_message(value);
  out_.end_message(list);
}

}  // namespace archestra::telemetry::otlp
