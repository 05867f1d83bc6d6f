// The cookie of a session as it is written and read (RFC 6265). Pure functions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::api {

/// Where the gateway is reached by https. Then the cookie is sent by nothing else, and its name (`__Host-`)
/// has browsers refuse one that another host of the same domain would put in its place.
enum class CookieScope : bool { kAnyScheme, kHttpsOnly };

/// A whole Set-Cookie line with CRLF.
std::string set_cookie(CookieScope scope, std::string_view token, std::chrono::seconds max_age);
/// The line that has a browser forget it.
std::string clear_cookie(CookieScope scope);

/// The values that Cookie fields give for it, as views of `cookies`. One as a rule; but other hosts of the
/// domain, and on http other ports of this one, can add theirs, so that all have to be looked at. No more
/// than a few.
std::vector<std::string_view> session_cookies(CookieScope scope, std::string_view cookies);

}  // namespace archestra::api
