#include "telemetry/otlp/attributes.h"

#include <string>

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

template <class Put>
void AttributeWriter::attribute(std::string_view key, Put put) {
  const auto key_value = out_.begin_message(field_);
  out_.string_field(kKey, key);
  const auto value = out_.begin_message(kValue);
  put();
  out_.end_message(value);
  out_.end_message(key_value);
}

void AttributeWriter::string(std::string_view prefix, std::string_view key, std::string_view value) {
  const auto put = [&] { out_.string_field(kStringValue, value); };
  if (prefix.empty())
    attribute(key, put);
  else
    attribute(std::string(prefix).append(key), put);
}

void AttributeWriter::integer(std::string_view key, std::uint64_t value) {
  attribute(key, [&] { out_.varint_field(kIntValue, value); });
}

void AttributeWriter::boolean(std::string_view key, bool value) {
  attribute(key, [&] { out_.varint_field(kBoolValue, value ? 1 : 0); });
}

void AttributeWriter::real(std::string_view key, double value) {
  attribute(key, [&] { out_.double_field(kDoubleValue, value); });
}

void AttributeWriter::strings(std::string_view key, std::span<const std::string_view> values) {
  attribute(key, [&] {
    const auto array = out_.begin_message(kArrayValue);
    for (const std::string_view value : values) {
      const auto item = out_.begin_message(kArrayValues);
      out_.string_field(kStringValue, value);
      out_.end_message(item);
    }
    out_.end_message(array);
  });
}

}  // namespace archestra::telemetry::otlp
