// Protobuf wire format, written by hand: canonical varints, fields in the order of the calls. Keeps its
// memory when cleared, so that a writer in steady use allocates nothing. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace archestra::telemetry::otlp {

class ProtoWriter {
 public:
  /// A message begun and not yet ended: where its bytes start.
  struct Nested {
    std::size_t start;
  };

  std::string_view bytes() const { return {buffer_.data(), size_}; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

  /// int32, int64, uint32, uint64, bool, enum. Zero is written too: leaving it out is the caller's.
  void varint_field(std::uint32_t field, std::uint64_t value);
  void fixed32_field(std::uint32_t field, std::uint32_t value);
  void fixed64_field(std::uint32_t field, std::uint64_t value);
  void double_field(std::uint32_t field, double value);
  void bytes_field(std::uint32_t field, const void* data, std::size_t size);
  /// Bad UTF-8 is replaced, because a strict receiver would refuse the whole request for it.
  void string_field(std::uint32_t field, std::string_view text);

  /// A sub-message: begin_message, its fields, end_message. May be nested; ended in reverse order.
  Nested begin_message(std::uint32_t field);
  void end_message(Nested message);
  /// What stands before a sub-message whose `length` in bytes is known and which is written elsewhere.
  void message_start(std::uint32_t field, std::size_t length);

 private:
  char* room(std::size_t bytes);
  void tag(std::uint32_t field, std::uint32_t wire_type);
  void varint(std::uint64_t value);

  std::string buffer_;  // its size is the memory at hand; size_ of it is written
  std::size_t size_ = 0;
  std::string scratch_;
};

}  // namespace archestra::telemetry::otlp
