// SHA-256 (FIPS 180-4), by OpenSSL, which stays in the .cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace archestra::net {

std::array<std::uint8_t, 32> sha256(std::string_view bytes);

}  // namespace archestra::net
