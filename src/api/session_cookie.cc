#include "api/session_cookie.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "http_io/service.h"

namespace archestra::api {
namespace {

constexpr std::size_t kValuesMax = 4;

std::string_view name_in(CookieScope scope) {
  return scope == CookieScope::kHttpsOnly ? http_io::kHttpsSessionCookie : http_io::kSessionCookie;
}

}  // namespace

std::string set_cookie(CookieScope scope, std::string_view token, std::chrono::seconds max_age) {
  return fmt::format("Set-Cookie: {}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}\r\n", name_in(scope),
                     token, max_age.count(), scope == CookieScope::kHttpsOnly ? "; Secure" : "");
}

std::string clear_cookie(CookieScope scope) { return set_cookie(scope, "", std::chrono::seconds(0)); }

std::vector<std::string_view> session_cookies(CookieScope scope, std::string_view cookies) {
  std::vector<std::string_view> values;
  while (!cookies.empty() && values.size() < kValuesMax) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = base::trimmed(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name_in(scope)) continue;
    values.push_back(pair.substr(equals + 1));
  }
  return values;
}

}  // namespace archestra::api
