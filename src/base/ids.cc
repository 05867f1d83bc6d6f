#include "base/ids.h"

#include <sys/random.h>

#include <bit>
#include <cstring>

#include "base/assert.h"

namespace archestra::base {
namespace {

// splitmix64 spreads one seed over the whole state, as the authors of xoshiro advise.
std::uint64_t splitmix(std::uint64_t& x) {
  x += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = x;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

template <std::size_t N>
void fill_random(std::array<std::uint8_t, N>& bytes, Random& random) {
  static_assert(N % 8 == 0);
  for (std::size_t i = 0; i < N; i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, 8);
  }
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = splitmix(seed);
}

Random Random::from_entropy() {
  std::uint64_t seed = 0;
  const ssize_t n = getrandom(&seed, sizeof seed, 0);
  ARCHESTRA_ASSERT(n == sizeof seed, "the kernel gives 8 random bytes");
  return Random(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  ARCHESTRA_ASSERT(bound > 0, "an empty range has no member");
  return next() % bound;
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

TraceId new_trace_id(Random& random) {
  TraceId id;
  do fill_random(id.bytes, random);
  while (!id.is_valid());
  return id;
}

SpanId new_span_id(Random& random) {
  SpanId id;
  do fill_random(id.bytes, random);
  while (!id.is_valid());
  return id;
}

char* write_hex(const std::uint8_t* bytes, std::size_t size, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    *out++ = kDigits[bytes[i] >> 4];
    *out++ = kDigits[bytes[i] & 15];
  }
  return out;
}

bool parse_hex(std::string_view text, std::uint8_t* out, std::size_t size) {
  if (text.size() != 2 * size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

Uuid Uuid::random(Random& random) {
  Uuid id;
  fill_random(id.bytes, random);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::array<char, 32> digits;
  std::size_t n = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    digits[n++] = (c >= 'A' && c <= 'F') ? static_cast<char>(c + 32) : c;
  }
  Uuid id;
  if (!parse_hex({digits.data(), 32}, id.bytes.data(), 16)) return std::nullopt;
  return id;
}

std::string Uuid::text() const {
  std::string out(36, '-');
  char* p = out.data();
  p = write_hex(bytes.data(), 4, p) + 1;
  p = write_hex(bytes.data() + 4, 2, p) + 1;
  p = write_hex(bytes.data() + 6, 2, p) + 1;
  p = write_hex(bytes.data() + 8, 2, p) + 1;
  write_hex(bytes.data() + 10, 6, p);
  return out;
}

}  // namespace archestra::base
