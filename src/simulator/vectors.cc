#include "simulator/vectors.h"

#include <bit>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

#include "base/base64.h"

namespace archestra::simulator {
namespace {

// Few digits, so that both forms hold the same float.
float made_value(base::Random& random) {
  return static_cast<float>((static_cast<int>(random.below(200'001)) - 100'000) * 1e-6);
}

}  // namespace

void append_vector(std::string& out, base::Random& random, std::size_t dimensions) {
  out.append("[");
  for (std::size_t i = 0; i < dimensions; ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", i > 0 ? "," : "", made_value(random));
  out.append("]");
}

void append_vector_base64(std::string& out, base::Random& random, std::size_t dimensions) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(dimensions * sizeof(float), '\0');
  for (std::size_t i = 0; i < dimensions; ++i) {
    const float value = made_value(random);
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  out.append("\"").append(base::base64(bytes)).append("\"");
}

}  // namespace archestra::simulator
