// The credential of /api: a bearer token, the configured one or one that the platform made, of which it keeps
// only a hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "store/store.h"

namespace archestra::api {

/// Makes a token of 256 random bits and stores its hash; whatever was valid before is not any more. This is
/// the only time that the token is known.
base::Result<base::Secret> reset_admin_token(store::Store& store);

/// Makes one where none was ever made; nothing where there is one.
base::Result<std::optional<base::Secret>> make_first_admin_token(store::Store& store);

/// Whether the value of an Authorization field lets its sender in. With a `configured` token that one alone
/// is valid; else the one in the store, which is looked at each time, so that a reset by another process
/// counts at once.
base::Result<bool> is_admin(const base::Secret& authorization, const base::Secret& configured,
                            store::Store& store);

}  // namespace archestra::api
