#include "net/sha256.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace archestra::net {
namespace {

std::string hex(std::string_view bytes) {
  const auto digest = sha256(bytes);
  std::string text(2 * digest.size(), '\0');
  base::write_hex(digest.data(), digest.size(), text.data());
  return text;
}

// The examples of FIPS 180-4.
TEST(Sha256, KnownDigests) {
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace archestra::net
