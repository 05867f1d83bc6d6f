#include "telemetry/proto_writer.h"

namespace archestra::telemetry {

// One byte is kept for the length; where it needs more, the message moves up. That is one copy of a
// message of a kilobyte, cheaper than to compute its size before.
ProtoWriter::Nested ProtoWriter::begin_message(std::uint32_t field) {
  char* at = put_tag(room(kFieldBytesMax), field, WireType::kLength);
  written_to(at + 1);
  return {size()};
}

void ProtoWriter::end_message(Nested message) {
  const std::size_t length = size() - message.start;
  const std::size_t more = varint_size(length) - 1;
  if (more > 0) {
    room(more);
    char* start = at(message.start);
    std::memmove(start + more, start, length);
    written_to(start + more + length);
  }
  put_varint(at(message.start - 1), length);
}

}  // namespace archestra::telemetry
