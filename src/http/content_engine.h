// What the libraries behind ContentDecoder have in common. For content_decoder.cc alone.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"
#include "base/error.h"
#include "http/content_decoder.h"

namespace archestra::http {

/// Memory for a library, in blocks of a pool: so it is used again, and counts among what the pool has lent.
class EngineMemory {
 public:
  EngineMemory(base::BufferPool& pool, std::size_t bytes_max) : pool_(pool), bytes_max_(bytes_max) {}

  /// Aligned for any type. Null where the pool would have lent more than `bytes_max`.
  void* allocate(std::size_t bytes);
  void free(void* address);

 private:
  base::BufferPool& pool_;
  const std::size_t bytes_max_;
  std::vector<base::Buffer> blocks_;  // a dozen at most
};

class ContentEngine {
 public:
  virtual ~ContentEngine() = default;

  struct Step {
    std::size_t consumed = 0;
    std::size_t written = 0;
    /// Everything so far may be a whole body, and all that it says is written. More may follow.
    bool at_boundary = false;
    /// kMalformed or kOverload: it goes no further than what is written.
    std::optional<base::Error> fault = {};
  };
  /// Decodes from `in`, which may be empty where room was wanting before, until one of the two is used up or
  /// a boundary has come. Not to be called after a fault.
  virtual Step step(std::string_view in, std::span<char> room) = 0;
};

/// For a coding other than kIdentity and kUnknown. Never null; where there is no memory its steps say so.
std::unique_ptr<ContentEngine> make_content_engine(ContentCoding coding, base::BufferPool& pool,
                                                   std::size_t memory_bytes_max);

}  // namespace archestra::http
