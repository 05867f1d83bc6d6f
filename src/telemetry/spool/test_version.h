// For tests: a segment as another version would have written it.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace archestra::telemetry::spool {

/// Both copies of the head are whole then, and nobody knows how the entries are written.
inline void write_as_version(char* segment, std::uint32_t version) {
  constexpr std::size_t kCopies = 2;
  constexpr std::size_t kCopyBytes = 64;
  constexpr std::size_t kVersionAt = 8;
  constexpr std::size_t kChecksumAt = 24;
  for (std::size_t copy = 0; copy < kCopies; ++copy) {
    char* const head = segment + copy * kCopyBytes;
    std::memcpy(head + kVersionAt, &version, sizeof version);
    const std::uint64_t checksum = XXH3_64bits_withSeed(head, kChecksumAt, 0);
    std::memcpy(head + kChecksumAt, &checksum, sizeof checksum);
  }
}

}  // namespace archestra::telemetry::spool
