// Identifiers: UUIDs of agents, trace and span ids (W3C Trace Context level 2), and the random
// numbers behind them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::base {

/// xoshiro256++. One per thread or per owner, never shared. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  /// Seeded by the operating system.
  static Random from_entropy();

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();

 private:
  std::array<std::uint64_t, 4> state_;
};

/// N random bytes with a fixed-width lowercase hex form; all zero means "none".
template <std::size_t N>
struct HexId {
  std::array<std::uint8_t, N> bytes{};

  bool is_valid() const {
    for (std::uint8_t b : bytes)
      if (b != 0) return true;
    return false;
  }
  bool operator==(const HexId&) const = default;
};
using TraceId = HexId<16>;
using SpanId = HexId<8>;

TraceId new_trace_id(Random& random);
SpanId new_span_id(Random& random);

/// Lowercase hex of `bytes` at `out`, which holds 2 * size characters. Returns the end.
char* write_hex(const std::uint8_t* bytes, std::size_t size, char* out);
/// Exactly 2 * N lowercase hex digits, or nothing (trace context allows no upper case).
bool parse_hex(std::string_view text, std::uint8_t* out, std::size_t size);

template <std::size_t N>
std::string to_hex(const HexId<N>& id) {
  std::string text(2 * N, '\0');
  write_hex(id.bytes.data(), N, text.data());
  return text;
}

/// RFC 9562 UUID.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  static Uuid random(Random& random);  ///< version 4
  /// The 8-4-4-4-12 form, either case.
  static std::optional<Uuid> parse(std::string_view text);
  std::string text() const;
  bool operator==(const Uuid&) const = default;
};

}  // namespace archestra::base
