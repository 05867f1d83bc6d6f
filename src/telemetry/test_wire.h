// A reader of protobuf wire format for tests: knows tags and wire types, nothing of our messages and
// nothing of our writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::telemetry {

class WireMessage {
 public:
  struct Field {
    std::uint32_t number;
    std::uint32_t wire_type;
    std::uint64_t scalar;
    std::string_view bytes;
  };

  /// Throws where the bytes are no message, or a varint is longer than it need be.
  explicit WireMessage(std::string_view bytes) {
    while (!bytes.empty()) fields_.push_back(read_field(bytes));
  }

  const std::vector<Field>& fields() const { return fields_; }
  std::vector<Field> all(std::uint32_t number) const {
    std::vector<Field> found;
    for (const Field& field : fields_)
      if (field.number == number) found.push_back(field);
    return found;
  }
  bool has(std::uint32_t number) const { return !all(number).empty(); }
  std::uint64_t scalar(std::uint32_t number) const { return only(number).scalar; }
  std::string_view bytes(std::uint32_t number) const { return only(number).bytes; }
  WireMessage message(std::uint32_t number) const { return WireMessage(only(number).bytes); }

 private:
  Field only(std::uint32_t number) const {
    const std::vector<Field> found = all(number);
    if (found.size() != 1) throw std::runtime_error("field " + std::to_string(number) + " is not there once");
    return found[0];
  }
  static Field read_field(std::string_view& bytes) {
    const std::uint64_t tag = read_varint(bytes);
    Field field{static_cast<std::uint32_t>(tag >> 3), static_cast<std::uint32_t>(tag & 7), 0, {}};
    switch (field.wire_type) {
      case 0:
        field.scalar = read_varint(bytes);
        break;
      case 1:
        field.scalar = read_fixed(bytes, 8);
        break;
      case 2:
        field.bytes = take(bytes, read_varint(bytes));
        break;
      case 5:
        field.scalar = read_fixed(bytes, 4);
        break;
      default:
        throw std::runtime_error("a wire type that does not exist");
    }
    return field;
  }
  static std::string_view take(std::string_view& bytes, std::uint64_t size) {
    if (size > bytes.size()) throw std::runtime_error("longer than its message");
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  }
  static std::uint64_t read_fixed(std::string_view& bytes, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(bytes, size).data(), size);
    return value;
  }
  static std::uint64_t read_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(bytes, 1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte == 0 && shift > 0) throw std::runtime_error("a varint with needless bytes");
      return value;
    }
    throw std::runtime_error("a varint without end");
  }

  std::vector<Field> fields_;
};

}  // namespace archestra::telemetry
