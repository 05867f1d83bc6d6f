#include "net/sha256.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace archestra::net {

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> digest;
  unsigned size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  ARCHESTRA_ASSERT(done == 1 && size == digest.size(), "SHA-256 is there");
  return digest;
}

}  // namespace archestra::net
