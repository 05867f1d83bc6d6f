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

}  // namespace

base::Result<std::string> random_token() {
  std::array<std::uint8_t, 32> random;
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    return base::fail(base::ErrorCode::kSystem, "the system has no random numbers", errno);
  return hex_of(random);
}

std::string hash_of(std::string_view token) { return hex_of(net::sha256(token)); }

base::Result<base::Secret> reset_admin_token(store::Store& store) {
  const auto random = random_token();
  if (!random) return base::fail(random.error());
  base::Secret token(std::string(kPrefix) + *random);
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

base::Result<std::string> admin_token_hash(const base::Secret& configured, store::Store& store) {
  return configured.empty() ? store.admin_token_hash() : hash_of(configured.reveal());
}

bool is_token_of(std::string_view hash, std::string_view token) {
  return base::Secret(std::string(hash)).matches(hash_of(token));
}

// RFC 9110 section 11.1: the scheme is compared without case.
std::string_view bearer_in(const base::Secret& authorization) {
  std::string_view value = authorization.reveal();
  if (value.size() < kScheme.size() || !http::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return {};
  value.remove_prefix(kScheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace archestra::api
