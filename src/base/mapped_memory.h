// Memory that outlives the process that writes to it, because it is a file (mmap(2), MAP_SHARED): what was
// stored is there for the next process however this one ends, without a system call. It does not outlive the
// machine: nothing is flushed. One owner; which threads use the bytes is the owner's affair.
//
// All blocks of a file are taken when it is made, so that a full disk is an error then, and not a signal
// (SIGBUS) at some later store. A disk that breaks, or a file that somebody cuts, still ends the process.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"

namespace archestra::base {

class MappedMemory {
 public:
  /// Zeros without a file, which are gone with the process.
  static Result<MappedMemory> anonymous(std::size_t bytes);
  /// Zeros in a new file that only this user may read. kSystem: it is there already, or there is no room.
  static Result<MappedMemory> create(const std::string& path, std::size_t bytes);
  /// What is in a file, to read and to write. kInvalid: it is empty or no file.
  static Result<MappedMemory> open(const std::string& path);

  MappedMemory() = default;
  MappedMemory(MappedMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedMemory();

  /// Aligned to a page. Empty where there is none.
  std::span<std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedMemory(std::span<std::byte> bytes) : bytes_(bytes) {}
  static Result<MappedMemory> map(int descriptor, std::size_t bytes);
  std::span<std::byte> bytes_;
};

}  // namespace archestra::base
