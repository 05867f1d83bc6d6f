// Protobuf wire format, written by hand: canonical varints, fields in the order of the calls. One
// thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "telemetry/byte_buffer.h"
#include "telemetry/text.h"

namespace archestra::telemetry {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they are");

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

constexpr std::uint64_t tag_of(std::uint32_t field, WireType type) {
  return std::uint64_t{field} << 3 | static_cast<std::uint64_t>(type);
}

/// 1 to 10.
constexpr std::size_t varint_size(std::uint64_t value) {
  if (value < 0x80) [[likely]]
    return 1;
  return (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}

/// A field of type LEN in all: its tag, its length and `size` bytes.
constexpr std::size_t length_field_size(std::uint32_t field, std::size_t size) {
  return varint_size(tag_of(field, WireType::kLength)) + varint_size(size) + size;
}

// Writing where the room is known to be there. Each returns the end of what it wrote.

inline char* put_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}
inline char* put_tag(char* at, std::uint32_t field, WireType type) {
  return put_varint(at, tag_of(field, type));
}
/// Tag and length of a field whose `size` bytes follow.
inline char* put_length(char* at, std::uint32_t field, std::size_t size) {
  return put_varint(put_tag(at, field, WireType::kLength), size);
}
class ProtoWriter : public ByteBuffer {
 public:
  /// A message begun and not yet ended: where its bytes start.
  struct Nested {
    std::size_t start;
  };

  /// int32, int64, uint32, uint64, bool, enum. Zero is written too: leaving it out is the caller's.
  void varint_field(std::uint32_t field, std::uint64_t value) {
    char* at = put_tag(room(kFieldBytesMax), field, WireType::kVarint);
    written_to(put_varint(at, value));
  }
  void fixed32_field(std::uint32_t field, std::uint32_t value) {
    fixed_field(field, WireType::kFixed32, value);
  }
  void fixed64_field(std::uint32_t field, std::uint64_t value) {
    fixed_field(field, WireType::kFixed64, value);
  }
  void bytes_field(std::uint32_t field, std::string_view bytes) {
    char* at = put_length(room(kFieldBytesMax + bytes.size()), field, bytes.size());
    written_to(put_bytes(at, bytes));
  }
  /// Bad UTF-8 is replaced, because a strict receiver would refuse the whole request for it.
  void string_field(std::uint32_t field, std::string_view text) { bytes_field(field, valid(text)); }

  /// A sub-message: begin_message, its fields, end_message. May be nested; ended in reverse order.
  Nested begin_message(std::uint32_t field);
  void end_message(Nested message);

  /// The text with bad UTF-8 replaced; holds until the next text with bad UTF-8.
  std::string_view valid(std::string_view text) { return as_valid_utf8(text, scratch_); }

 private:
  static constexpr std::size_t kFieldBytesMax = 20;  // a tag, and a number or a length

  template <class T>
  void fixed_field(std::uint32_t field, WireType type, T value) {
    char* at = put_tag(room(kFieldBytesMax), field, type);
    std::memcpy(at, &value, sizeof value);
    written_to(at + sizeof value);
  }

  std::string scratch_;
};

}  // namespace archestra::telemetry
