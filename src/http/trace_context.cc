#include "http/trace_context.h"

#include <cstdint>

namespace archestra::http {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kParentIdAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::uint8_t kSampledFlag = 0x01;
constexpr std::uint8_t kRandomFlag = 0x02;

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view value) {
  if (value.size() < kTraceparentBytes) return std::nullopt;
  if (value[kTraceIdAt - 1] != '-' || value[kParentIdAt - 1] != '-' || value[kFlagsAt - 1] != '-')
    return std::nullopt;

  std::uint8_t version = 0;
  if (!base::parse_hex(value.substr(0, 2), &version, 1) || version == 0xff) return std::nullopt;
  if (value.size() > kTraceparentBytes && (version == 0 || value[kTraceparentBytes] != '-'))
    return std::nullopt;

  Traceparent parsed;
  auto& trace_id = parsed.trace_id.bytes;
  auto& parent_id = parsed.parent_id.bytes;
  std::uint8_t flags = 0;
  if (!base::parse_hex(value.substr(kTraceIdAt, 2 * trace_id.size()), trace_id.data(), trace_id.size()) ||
      !base::parse_hex(value.substr(kParentIdAt, 2 * parent_id.size()), parent_id.data(), parent_id.size()) ||
      !base::parse_hex(value.substr(kFlagsAt, 2), &flags, 1))
    return std::nullopt;
  if (!parsed.trace_id.is_valid() || !parsed.parent_id.is_valid()) return std::nullopt;
  parsed.sampled = (flags & kSampledFlag) != 0;
  parsed.random = (flags & kRandomFlag) != 0;
  return parsed;
}

void write_traceparent(const Traceparent& value, char* out) {
  out += std::string_view("00-").copy(out, 3);
  out = base::write_hex(value.trace_id.bytes.data(), value.trace_id.bytes.size(), out);
  *out++ = '-';
  out = base::write_hex(value.parent_id.bytes.data(), value.parent_id.bytes.size(), out);
  *out++ = '-';
  const auto flags =
      static_cast<std::uint8_t>((value.sampled ? kSampledFlag : 0) | (value.random ? kRandomFlag : 0));
  base::write_hex(&flags, 1, out);
}

}  // namespace archestra::http
