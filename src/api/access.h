// Who may use the platform API: whoever sends the admin token with each request, and pages that signed in
// with it, by a cookie. Also the handlers of /api/session. On the api thread.
//
// What a page of somebody else's could have an administrator's browser do: it does not get the cookie along
// (SameSite), says where its request is from (Sec-Fetch-Site, where the browser trusts the connection),
// cannot know the header X-CSRF-Token, and cannot send JSON without being asked first (CORS, which nothing
// here answers). Each of these alone would do.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "api/answers.h"
#include "api/attempt_limit.h"
#include "api/session_cookie.h"
#include "api/sessions.h"
#include "base/secret.h"
#include "http_io/service.h"
#include "store/store.h"

namespace archestra::api {

struct AccessOptions {
  base::Secret admin_token;  ///< empty: the store has the hash of one
  base::Duration session_lifetime = std::chrono::hours(12);
  CookieScope cookies = CookieScope::kAnyScheme;
};

class Access {
 public:
  /// The store outlives it.
  Access(store::Store& store, AccessOptions options);

  /// What to answer to a request that nobody may make who has no more than this one has; nothing where it may
  /// be made.
  std::optional<ServiceAnswer> refusal(const http_io::ServiceRequest& request);

  ServiceAnswer sign_in(const http_io::ServiceRequest& request);
  ServiceAnswer show_session(const http_io::ServiceRequest& request);
  ServiceAnswer sign_out(const http_io::ServiceRequest& request);

 private:
  std::optional<ServiceAnswer> refuse_bearer(const http_io::ServiceRequest& request, std::string_view token);
  std::variant<Session, ServiceAnswer> session_of(const http_io::ServiceRequest& request);

  store::Store& store_;
  const AccessOptions options_;
  Sessions sessions_;
  AttemptLimit sign_ins_;
  AttemptLimit bearers_;
};

}  // namespace archestra::api
