#include "telemetry/otlp/proto_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "telemetry/text.h"

namespace archestra::telemetry::otlp {
namespace {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they are");

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kLength = 2;
constexpr std::uint32_t kFixed32 = 5;
constexpr std::size_t kVarintBytesMax = 10;
constexpr std::size_t kFirstBytes = 4096;

std::size_t write_varint(char* to, std::uint64_t value) {
  std::size_t n = 0;
  for (; value >= 0x80; value >>= 7) to[n++] = static_cast<char>(value | 0x80);
  to[n++] = static_cast<char>(value);
  return n;
}

}  // namespace

char* ProtoWriter::room(std::size_t bytes) {
  if (buffer_.size() - size_ < bytes) [[unlikely]]
    buffer_.resize(std::max({kFirstBytes, 2 * buffer_.size(), size_ + bytes}));
  return buffer_.data() + size_;
}

void ProtoWriter::varint(std::uint64_t value) { size_ += write_varint(room(kVarintBytesMax), value); }

void ProtoWriter::tag(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3 | wire_type); }

void ProtoWriter::varint_field(std::uint32_t field, std::uint64_t value) {
  tag(field, kVarint);
  varint(value);
}

void ProtoWriter::fixed32_field(std::uint32_t field, std::uint32_t value) {
  tag(field, kFixed32);
  std::memcpy(room(sizeof value), &value, sizeof value);
  size_ += sizeof value;
}

void ProtoWriter::fixed64_field(std::uint32_t field, std::uint64_t value) {
  tag(field, kFixed64);
  std::memcpy(room(sizeof value), &value, sizeof value);
  size_ += sizeof value;
}

void ProtoWriter::double_field(std::uint32_t field, double value) {
  fixed64_field(field, std::bit_cast<std::uint64_t>(value));
}

void ProtoWriter::bytes_field(std::uint32_t field, const void* data, std::size_t size) {
  tag(field, kLength);
  varint(size);
  if (size == 0) return;
  std::memcpy(room(size), data, size);
  size_ += size;
}

void ProtoWriter::string_field(std::uint32_t field, std::string_view text) {
  text = as_valid_utf8(text, scratch_);
  bytes_field(field, text.data(), text.size());
}

// Most messages are shorter than 128 bytes, so one byte is kept for the length and a longer message
// moves up by the bytes its length needs more.
ProtoWriter::Nested ProtoWriter::begin_message(std::uint32_t field) {
  tag(field, kLength);
  room(1);
  ++size_;
  return {size_};
}

void ProtoWriter::end_message(Nested message) {
  const std::size_t length = size_ - message.start;
  char length_bytes[kVarintBytesMax];
  const std::size_t n = write_varint(length_bytes, length);
  if (n > 1) {
    room(n - 1);
    char* start = buffer_.data() + message.start;
    std::memmove(start + n - 1, start, length);
    size_ += n - 1;
  }
  std::memcpy(buffer_.data() + message.start - 1, length_bytes, n);
}

void ProtoWriter::message_start(std::uint32_t field, std::size_t length) {
  tag(field, kLength);
  varint(length);
}

}  // namespace archestra::telemetry::otlp
