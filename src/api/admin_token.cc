#include "api/admin_token.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/ids.h"
#include "http/head.h"
#include "net/sha256.h"

namespace archestra::api {
namespace {

// So that whoever finds it somewhere, a scanner for leaked credentials too, knows what it is.
constexpr std::string_view kPrefix = "archestra_admin_";
constexpr std::string_view kScheme = "Bearer ";

template <std::size_t N>
std::string hex_of(const std::array<std::uint8_t, N>& bytes) {
  std::string text(2 * N, '\0');
  base::write_hex(bytes.data(), N, text.data());
  return text;
}

// No salt and no slow hash: nobody can try all values of 256 random bits.
std::string hash_of(std::string_view token) { return hex_of(net::sha256(token)); }

// The token in an Authorization field; "" where it holds none. RFC 9110 section 11.1: the scheme is compared
// without case.
std::string_view bearer_in(std::string_view value) {
  if (value.size() < kScheme.size() || !http::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return {};
  value.remove_prefix(kScheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

base::Result<base::Secret> reset_admin_token(store::Store& store) {
  std::array<std::uint8_t, 32> random;
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    return base::fail(base::ErrorCode::kSystem, "the system has no random numbers", errno);
  base::Secret token(std::string(kPrefix) + hex_of(random));
  if (const auto set = store.set_admin_token_hash(hash_of(token.reveal())); !set)
    return base::fail(set.error());
  return token;
}

base::Result<std::optional<base::Secret>> make_first_admin_token(store::Store& store) {
  const auto hash = store.admin_token_hash();
  if (!hash) return base::fail(hash.error());
  if (!hash->empty()) return std::nullopt;
  auto token = reset_admin_token(store);
  if (!token) return base::fail(token.error());
  return std::move(*token);
}

base::Result<bool> is_admin(const base::Secret& authorization, const base::Secret& configured,
                            store::Store& store) {
  const std::string_view token = bearer_in(authorization.reveal());
  if (token.empty()) return false;
  base::Result<std::string> valid =
      configured.empty() ? store.admin_token_hash() : hash_of(configured.reveal());
  if (!valid) return base::fail(valid.error());
  // Hashes are compared, so that the comparison does not even tell a length.
  return base::Secret(std::move(*valid)).matches(hash_of(token));
}

}  // namespace archestra::api
