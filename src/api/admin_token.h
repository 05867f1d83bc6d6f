// The credential of /api: a token, the configured one or one that the platform made, of which it keeps only a
// hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "store/store.h"

namespace archestra::api {

/// 256 random bits as text.
base::Result<std::string> random_token();
/// How a token is kept. No salt and no slow hash: nobody can try all values of 256 random bits.
std::string hash_of(std::string_view token);

/// Makes a token of 256 random bits and stores its hash; whatever was valid before is not any more. This is
/// the only time that the token is known.
base::Result<base::Secret> reset_admin_token(store::Store& store);

/// Makes one where none was ever made; nothing where there is one.
base::Result<std::optional<base::Secret>> make_first_admin_token(store::Store& store);

/// The hash of the one valid token: the `configured` one, or the one in the store, which is looked at each
/// time, so that a reset by another process counts at once.
base::Result<std::string> admin_token_hash(const base::Secret& configured, store::Store& store);

/// Whether `token` has this hash. Hashes are compared, so that the time it takes does not even tell a length.
bool is_token_of(std::string_view hash, std::string_view token);

/// The token in an Authorization field; "" where it holds none.
std::string_view bearer_in(const base::Secret& authorization);

}  // namespace archestra::api
