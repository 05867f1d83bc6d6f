// gzip (RFC 1952) of a body that is made piece by piece, by zlib, which stays in the .cc. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace archestra::http {

/// Holds some 270 KB from its first byte to its end.
class GzipEncoder {
 public:
  /// Of zlib's levels: 1 is the fastest. Aborts where zlib has no memory.
  explicit GzipEncoder(int level);
  GzipEncoder(const GzipEncoder&) = delete;
  ~GzipEncoder();

  /// Appends what `bytes` become, as far as it is there: perhaps nothing, for the encoder gathers.
  void encode(std::string_view bytes, std::string& out);
  /// Appends the rest. Nothing follows.
  void finish(std::string& out);

 private:
  struct Stream;
  void run(std::string_view bytes, bool is_last, std::string& out);

  const std::unique_ptr<Stream> stream_;
};

}  // namespace archestra::http
