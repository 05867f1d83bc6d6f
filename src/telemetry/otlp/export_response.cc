#include "telemetry/otlp/export_response.h"

#include <charconv>
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

 private:
  std::string_view bytes_;
};

constexpr std::uint64_t kPartialSuccess = 1 << 3 | 2;  // field 1, LEN
constexpr std::uint64_t kRejectedSpans = 1 << 3 | 0;   // field 1, VARINT

}  // namespace

bool is_retryable(int http_status) {
  return http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
}

std::uint64_t rejected_spans(std::string_view response) {
  WireReader reader(response);
  if (reader.varint() != kPartialSuccess) return 0;
  const auto partial = reader.bytes();
  if (!partial) return 0;
  WireReader fields(*partial);
  if (fields.varint() != kRejectedSpans) return 0;
  return fields.varint().value_or(0);
}

base::Duration retry_after(std::string_view value) {
  // The longest wait that is believed.
  constexpr unsigned kSecondsMax = 300;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || seconds > kSecondsMax) return {};
  return std::chrono::seconds(seconds);
}

}  // namespace archestra::telemetry::otlp
