#include "simulator/made_id.h"

namespace archestra::simulator {

std::string made_id(base::Random& random, std::string_view prefix, std::size_t characters) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(prefix);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < characters; ++i) {
    if (i % 10 == 0) bits = random.next();
    text.push_back(kAlphabet[bits % kAlphabet.size()]);
    bits /= kAlphabet.size();
  }
  return text;
}

}  // namespace archestra::simulator
