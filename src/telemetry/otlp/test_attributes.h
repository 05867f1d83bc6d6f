// Attribute lists read back by the tests: keys, and values as text that tells their type.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <map>
#include <string>

#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {

using Attributes = std::map<std::string, std::string>;

/// A value with its type, so that a number written as a string is not mistaken for one.
inline std::string text_of(const WireMessage& value) {
  const auto& field = value.fields().at(0);
  switch (field.number) {
    case 1:
      return "\"" + std::string(field.bytes) + "\"";
    case 2:
      return field.scalar != 0 ? "true" : "false";
    case 3:
      return std::to_string(field.scalar);
    case 4:
      return std::to_string(std::bit_cast<double>(field.scalar)) + "f";
    case 5: {
      std::string text = "[";
      for (const auto& item : WireMessage(field.bytes).all(1)) text += text_of(WireMessage(item.bytes));
      return text + "]";
    }
    default:
      return "?";
  }
}

inline Attributes attributes_of(const WireMessage& message, std::uint32_t field) {
  Attributes attributes;
  for (const auto& item : message.all(field)) {
    const WireMessage key_value(item.bytes);
    const std::string key(key_value.bytes(1));
    EXPECT_TRUE(attributes.emplace(key, text_of(key_value.message(2))).second) << key << " occurs twice";
  }
  return attributes;
}

}  // namespace archestra::telemetry::otlp
