#include "api/sessions.h"

#include <algorithm>

#include "api/admin_token.h"

namespace archestra::api {
namespace {

// Of anything else nobody needs a hash.
bool is_token(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The store finds a session by this: however much the time that takes tells of a hash, it leads nobody to a
// token that has it.
std::string stored_hash(std::string_view token, std::string_view admin_hash) {
  return hash_of(std::string(token).append(" of ").append(admin_hash));
}

// 16 bits: enough to tell that the admin token is another one, as good as always, and too little to find one
// by it that somebody thought up.
std::string mark_of(std::string_view admin_hash) { return hash_of(admin_hash).substr(0, 4); }

}  // namespace

std::string Session::csrf_token() const { return hash_of("csrf token of " + token); }

base::Result<Session> Sessions::begin(std::string_view admin_hash) {
  auto token = random_token();
  if (!token) return base::fail(token.error());
  // What a store can keep.
  const base::WallTime now = std::chrono::floor<std::chrono::microseconds>(base::wall_now());
  Session session{.token = std::move(*token), .expires = now + lifetime_};
  const auto added = store_.add_session({.hash = stored_hash(session.token, admin_hash),
                                         .admin_token_mark = mark_of(admin_hash),
                                         .created = now,
                                         .expires = session.expires});
  if (!added) return base::fail(added.error());
  return session;
}

base::Result<std::optional<Session>> Sessions::find(std::span<const std::string_view> tokens,
                                                    std::string_view admin_hash) {
  for (const std::string_view token : tokens) {
    if (!is_token(token)) continue;
    const std::string hash = stored_hash(token, admin_hash);
    const auto expires = store_.session_expiry(hash);
    if (!expires) return base::fail(expires.error());
    if (!*expires) continue;
    if (**expires > base::wall_now()) return Session{.token = std::string(token), .expires = **expires};
    if (const auto removed = store_.remove_session(hash); !removed) return base::fail(removed.error());
  }
  return std::nullopt;
}

base::Result<void> Sessions::end(std::span<const std::string_view> tokens, std::string_view admin_hash) {
  for (const std::string_view token : tokens) {
    if (!is_token(token)) continue;
    const auto removed = store_.remove_session(stored_hash(token, admin_hash));
    if (!removed) return base::fail(removed.error());
  }
  return {};
}

base::Result<void> end_old_sessions(store::Store& store, std::string_view admin_hash) {
  return store.remove_other_sessions(mark_of(admin_hash), base::wall_now());
}

}  // namespace archestra::api
