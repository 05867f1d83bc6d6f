// Sessions of those who signed in with the admin token: what a browser has is a random token, what the store
// has is a hash of it together with that of the admin token. So a session is found for as long as the admin
// token is the one that it began with, and nobody can make one from what is stored. On the api thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace archestra::api {

struct Session {
  std::string token;  ///< what lets in
  base::WallTime expires;

  /// Goes into a header that no page of others can set. It follows from the token, and the token not from it.
  std::string csrf_token() const;
};

class Sessions {
 public:
  /// The store outlives it.
  Sessions(store::Store& store, base::Duration lifetime) : store_(store), lifetime_(lifetime) {}

  // `admin_hash` is that of the admin token that is valid now.

  base::Result<Session> begin(std::string_view admin_hash);
  /// The first of these tokens that is of a session. One that has expired is removed.
  base::Result<std::optional<Session>> find(std::span<const std::string_view> tokens,
                                            std::string_view admin_hash);
  /// Ends all that have one of these tokens.
  base::Result<void> end(std::span<const std::string_view> tokens, std::string_view admin_hash);

 private:
  store::Store& store_;
  const base::Duration lifetime_;
};

/// At the start: ends those that began with an admin token that is not valid any more. Nobody would find
/// them, unless that became valid again. And those that have expired.
base::Result<void> end_old_sessions(store::Store& store, std::string_view admin_hash);

}  // namespace archestra::api
