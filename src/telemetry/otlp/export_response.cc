#include "telemetry/otlp/export_response.h"

#include <optional>

namespace archestra::telemetry::otlp {
namespace {

// A reader for the few fields of a response: protobuf's wire format, forward only.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> bytes() {
    const auto size = varint();
    if (!size || *size > bytes_.size()) return std::nullopt;
    const std::string_view piece = bytes_.substr(0, *size);
    bytes_.remove_prefix(*size);
    return piece;
  }

  /// Passes over a value of this wire type; false for one that is not known.
  bool skip(std::uint64_t wire_type) {
    switch (wire_type) {
      case kVarint:
        return varint().has_value();
      case kFixed64:
        return skip_bytes(8);
      case kLen:
        return bytes().has_value();
      case kFixed32:
        return skip_bytes(4);
      default:
        return false;
    }
  }

  static constexpr std::uint64_t kVarint = 0;
  static constexpr std::uint64_t kFixed64 = 1;
  static constexpr std::uint64_t kLen = 2;
  static constexpr std::uint64_t kFixed32 = 5;

 private:
  bool skip_bytes(std::size_t count) {
    if (count > bytes_.size()) return false;
    bytes_.remove_prefix(count);
    return true;
  }

  std::string_view bytes_;
};

constexpr std::uint64_t tag(std::uint64_t field, std::uint64_t wire_type) { return field << 3 | wire_type; }
constexpr std::uint64_t kPartialSuccess = tag(1, WireReader::kLen);
constexpr std::uint64_t kRejectedSpans = tag(1, WireReader::kVarint);
constexpr std::uint64_t kErrorMessage = tag(2, WireReader::kLen);

void read_partial_success(std::string_view bytes, PartialSuccess& out) {
  WireReader reader(bytes);
  while (const auto field = reader.varint()) {
    if (*field == kRejectedSpans) {
      out.rejected_items = reader.varint().value_or(0);
    } else if (*field == kErrorMessage) {
      out.error_message = reader.bytes().value_or("");
    } else if (!reader.skip(*field & 7)) {
      return;
    }
  }
}

}  // namespace

bool is_retryable(int http_status) {
  return http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
}

PartialSuccess parse_partial_success(std::string_view response) {
  PartialSuccess partial;
  WireReader reader(response);
  while (const auto field = reader.varint()) {
    if (*field == kPartialSuccess) {
      if (const auto message = reader.bytes()) read_partial_success(*message, partial);
    } else if (!reader.skip(*field & 7)) {
      break;
    }
  }
  return partial;
}

}  // namespace archestra::telemetry::otlp
