#include "api/access.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "api/admin_token.h"
#include "api/body_fields.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "net/sha256.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using http_io::ServiceRequest;

// A person mistypes a token a few times.
constexpr unsigned kSignInsAtOnce = 10;
constexpr base::Duration kSignInPause = std::chrono::seconds(30);
// Programs of one address, after a reset of the token, have old ones, some of each.
constexpr unsigned kBearersAtOnce = 100;
constexpr base::Duration kBearerPause = std::chrono::seconds(1);

constexpr std::string_view kChallenge = "WWW-Authenticate: Bearer\r\n";

constinit base::LogLimit g_wrong_tokens;

ServiceAnswer unauthorized(std::string_view type, std::string_view message) {
  return error_answer(401, type, message, std::string(kChallenge));
}

ServiceAnswer no_session() {
  return unauthorized(
      "unauthorized",
      "The platform API wants the admin token as a bearer token, Authorization: Bearer <token>, or a "
      "session, which POST /api/session begins.");
}

ServiceAnswer too_many_attempts(base::Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return error_answer(
      429, "too_many_attempts",
      fmt::format("Too many wrong tokens came from this address. Try again in {} seconds.", seconds),
      fmt::format("Retry-After: {}\r\n", seconds));
}

void log_wrong_token(const ServiceRequest& request) {
  if (const auto left_out = g_wrong_tokens.admit())
    base::log(base::LogLevel::kWarn, "a wrong admin token",
              {{"client_address", std::string_view(request.client_address)}, {"lines_left_out", *left_out}});
}

// Told apart, never told: see AttemptLimit::count.
std::uint64_t fingerprint(std::string_view token) {
  std::uint64_t number = 0;
  std::memcpy(&number, net::sha256(token).data(), sizeof number);
  return number | 1;
}

bool only_reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

// Fetch Metadata Request Headers: `none` is a person who typed the address. Without the field the browser is
// an old one, or the connection is not one that it trusts.
std::optional<ServiceAnswer> refuse_other_origin(const ServiceRequest& request) {
  const std::string_view site = request.fetch_site;
  if (site.empty() || site == "same-origin" || site == "none") return std::nullopt;
  return error_answer(
      403, "cross_site",
      "The request comes from a page of another origin; a session counts for the gateway's own alone.");
}

std::optional<ServiceAnswer> refuse_forged(const ServiceRequest& request, const Session& session) {
  if (only_reads(request.method)) return std::nullopt;
  if (request.csrf_token.empty())
    return error_answer(
        403, "csrf_token_missing",
        "With a session this wants the header X-CSRF-Token: the csrfToken of GET /api/session.");
  if (request.csrf_token.matches(session.csrf_token())) return std::nullopt;
  return error_answer(403, "csrf_token_wrong",
                      "X-CSRF-Token is not the csrfToken of this session; GET /api/session shows it.");
}

ServiceAnswer session_answer(int status, const Session& session, std::string extra_fields = {}) {
  std::string body = R"({"expiresAt":")";
  base::append_iso_time(body, session.expires);
  fmt::format_to(std::back_inserter(body), R"(","csrfToken":"{}"}})", session.csrf_token());
  ServiceAnswer answer = json_answer(status, std::move(body));
  answer.extra_fields = std::move(extra_fields);
  return answer;
}

Fault read_token(std::string_view body, base::Secret& token) {
  static constexpr std::string_view kFields[] = {"token"};
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, "a sign-in", kFields, object)) return bad;
  dom::element given;
  if (object.at_key("token").get(given)) return fault("\"token\" is missing: the admin token.");
  std::string text;
  if (auto bad = read_string("token", given, text)) return bad;
  token = base::Secret(std::move(text));
  return std::nullopt;
}

}  // namespace

Access::Access(store::Store& store, AccessOptions options)
    : store_(store),
      options_(std::move(options)),
      sessions_(store, options_.session_lifetime),
      sign_ins_(kSignInsAtOnce, kSignInPause),
      bearers_(kBearersAtOnce, kBearerPause) {}

std::optional<ServiceAnswer> Access::refusal(const ServiceRequest& request) {
  if (const std::string_view token = bearer_in(request.authorization); !token.empty())
    return refuse_bearer(request, token);
  auto found = session_of(request);
  if (auto* refused = std::get_if<ServiceAnswer>(&found)) return std::move(*refused);
  return refuse_forged(request, std::get<Session>(found));
}

// A right token has to wait, too, or the limit would be none. But the same wrong one over and over, of a
// program that nobody told of the new one, does not make it wait for long.
std::optional<ServiceAnswer> Access::refuse_bearer(const ServiceRequest& request, std::string_view token) {
  const base::MonotonicTime now = base::monotonic_now();
  if (const auto wait = bearers_.wait(request.client_address, now); wait > base::Duration::zero())
    return too_many_attempts(wait);
  const auto valid = admin_token_hash(options_.admin_token, store_);
  if (!valid) return store_failed(valid.error());
  if (is_token_of(*valid, token)) return std::nullopt;
  bearers_.count(request.client_address, now, fingerprint(token));
  log_wrong_token(request);
  return unauthorized("unauthorized", "This is not the admin token.");
}

std::variant<Session, ServiceAnswer> Access::session_of(const ServiceRequest& request) {
  const auto tokens = session_cookies(options_.cookies, request.cookies.reveal());
  if (tokens.empty()) return no_session();
  if (auto refused = refuse_other_origin(request)) return std::move(*refused);
  const auto valid = admin_token_hash(options_.admin_token, store_);
  if (!valid) return store_failed(valid.error());
  auto session = sessions_.find(tokens, *valid);
  if (!session) return store_failed(session.error());
  if (*session) return std::move(**session);
  return unauthorized(
      "session_expired",
      "The session is over: its time was up, it was signed out, or the admin token has changed.");
}

// Nothing that the request has beside the token counts, so that nobody can be given a session that another
// one knows.
ServiceAnswer Access::sign_in(const ServiceRequest& request) {
  if (auto refused = refuse_other_origin(request)) return std::move(*refused);
  const base::MonotonicTime now = base::monotonic_now();
  if (const auto wait = sign_ins_.wait(request.client_address, now); wait > base::Duration::zero())
    return too_many_attempts(wait);
  base::Secret token;
  if (const auto bad = read_token(request.body, token)) return invalid_request(bad->message);
  const auto valid = admin_token_hash(options_.admin_token, store_);
  if (!valid) return store_failed(valid.error());
  if (!is_token_of(*valid, token.reveal())) {
    sign_ins_.count(request.client_address, now);
    log_wrong_token(request);
    return unauthorized("invalid_token", "This is not the admin token.");
  }
  const auto replaced = session_cookies(options_.cookies, request.cookies.reveal());
  if (const auto ended = sessions_.end(replaced, *valid); !ended) return store_failed(ended.error());
  const auto session = sessions_.begin(*valid);
  if (!session) return store_failed(session.error());
  base::log(base::LogLevel::kInfo, "signed in",
            {{"client_address", std::string_view(request.client_address)}});
  return session_answer(201, *session,
                        set_cookie(options_.cookies, session->token,
                                   std::chrono::ceil<std::chrono::seconds>(options_.session_lifetime)));
}

ServiceAnswer Access::show_session(const ServiceRequest& request) {
  auto found = session_of(request);
  if (auto* refused = std::get_if<ServiceAnswer>(&found)) return std::move(*refused);
  return session_answer(200, std::get<Session>(found));
}

ServiceAnswer Access::sign_out(const ServiceRequest& request) {
  const auto found = session_of(request);
  if (const auto* refused = std::get_if<ServiceAnswer>(&found)) {
    ServiceAnswer answer = *refused;
    if (answer.status == 401) answer.extra_fields += clear_cookie(options_.cookies);
    return answer;
  }
  if (auto refused = refuse_forged(request, std::get<Session>(found))) return std::move(*refused);
  const auto valid = admin_token_hash(options_.admin_token, store_);
  if (!valid) return store_failed(valid.error());
  const auto ended = sessions_.end(session_cookies(options_.cookies, request.cookies.reveal()), *valid);
  if (!ended) return store_failed(ended.error());
  return {.status = 204, .body = {}, .extra_fields = clear_cookie(options_.cookies)};
}

}  // namespace archestra::api
