#include "api/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "api/admin_token.h"
#include "api/routes.h"
#include "api/test_api.h"

namespace archestra::api {
namespace {

using http_io::ServiceRequest;
using std::chrono_literals::operator""ms;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What stands between two texts.
std::string between(std::string_view text, std::string_view before, char after) {
  const std::size_t begin = text.find(before) + before.size();
  return std::string(text.substr(begin, text.find(after, begin) - begin));
}

class AccessTest : public ApiFixture {
 protected:
  struct Browser {
    std::string cookie;
    std::string csrf_token;
  };

  static ServiceRequest sign_in_request(const std::string& token, std::string address = "192.0.2.1") {
    return {.method = "POST",
            .target = "/api/session",
            .content_type = "application/json",
            .authorization = {},
            .body = R"({"token":")" + token + "\"}",
            .client_address = std::move(address)};
  }
  Browser sign_in(ServiceRequest request) {
    const ServiceAnswer answer = api_->handle(request);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return {.cookie = between(answer.extra_fields, "Set-Cookie: ", ';'),
            .csrf_token = between(answer.body, R"("csrfToken":")", '"')};
  }
  Browser sign_in(const std::string& token = "secret") { return sign_in(sign_in_request(token)); }

  static ServiceRequest request(const Browser& browser, std::string method, std::string target,
                                std::string body = "") {
    return {.method = std::move(method),
            .target = std::move(target),
            .content_type = "application/json",
            .authorization = {},
            .body = std::move(body),
            .cookies = base::Secret(browser.cookie),
            .csrf_token = base::Secret(browser.csrf_token),
            .fetch_site = "same-origin"};
  }
  ServiceAnswer send(const Browser& browser, std::string method, std::string target, std::string body = "") {
    return api_->handle(request(browser, std::move(method), std::move(target), std::move(body)));
  }
  int status(const Browser& browser, std::string method = "GET", std::string target = "/api/agents") {
    return send(browser, std::move(method), std::move(target)).status;
  }
};

TEST_F(AccessTest, ASessionLetsIn) {
  const ServiceAnswer answer = api_->handle(sign_in_request("secret"));
  EXPECT_EQ(answer.status, 201);
  EXPECT_THAT(answer.extra_fields, HasSubstr("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict\r\n"));
  const Browser browser = sign_in();
  EXPECT_EQ(browser.cookie.size(), std::string_view("archestra_session=").size() + 64);
  EXPECT_THAT(answer.extra_fields, Not(HasSubstr(browser.cookie))) << "each has one of its own";
  EXPECT_EQ(status(browser), 200);
  const ServiceAnswer shown = send(browser, "GET", "/api/session");
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(between(shown.body, R"("csrfToken":")", '"'), browser.csrf_token) << "a page may be loaded again";
  EXPECT_THAT(shown.body, Not(HasSubstr(browser.cookie.substr(18))));
  EXPECT_EQ(send(browser, "POST", "/api/agents", R"({"name":"A"})").status, 201);
}

TEST_F(AccessTest, WithoutAnythingNothingIsShown) {
  // What answers without a credential is listed here; whatever else there is has to ask for one.
  std::set<std::string> open;
  for (const Route& route : routes()) {
    std::string path(route.path_template);
    if (const std::size_t at = path.find(":id"); at != std::string::npos) path.replace(at, 3, kDefaultId);
    for (const Method& method : route.methods) {
      for (const std::string& name : {std::string(method.name), std::string("HEAD")}) {
        const ServiceAnswer answer = api_->handle({.method = name,
                                                   .target = path,
                                                   .content_type = "application/json",
                                                   .authorization = {},
                                                   .body = "{}"});
        if (answer.status != 401) open.insert(name + " " + path);
      }
    }
  }
  EXPECT_EQ(open,
            (std::set<std::string>{"GET /api/openapi.json", "HEAD /api/openapi.json", "POST /api/session"}));
  for (const char* method : {"GET", "POST", "OPTIONS", "TRACE", "nonsense"})
    for (const char* path : {"/api", "/api/", "/api/nothing", "/api/session/", "/api/openapi.json/x"})
      EXPECT_EQ(
          api_->handle(
                  {.method = method, .target = path, .content_type = {}, .authorization = {}, .body = {}})
              .status,
          401)
          << method << " " << path;
}

TEST_F(AccessTest, OnlyTheAdminTokenSignsIn) {
  for (const char* wrong : {"", "Secret", "secret ", "secre", "Bearer secret"}) {
    const ServiceAnswer answer = api_->handle(sign_in_request(wrong));
    EXPECT_EQ(answer.status, 401) << wrong;
    EXPECT_EQ(answer.error_type, "invalid_token");
    EXPECT_THAT(answer.extra_fields, Not(HasSubstr("Set-Cookie")));
  }
  for (const char* body : {"", "{}", R"({"token":1})", R"({"token":"secret","more":1})", R"(["secret"])",
                           R"({"token":"secret","token":"secret"})"}) {
    ServiceRequest request = sign_in_request("");
    request.body = body;
    const ServiceAnswer answer = api_->handle(request);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body, Not(HasSubstr("secret"))) << body;
  }
  // What a form, or a page that asks nobody, can send.
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    ServiceRequest request = sign_in_request("secret");
    request.content_type = type;
    EXPECT_EQ(api_->handle(request).status, 415) << type;
  }
}

TEST_F(AccessTest, WithoutAConfiguredTokenTheStoredOneSignsIn) {
  start("");
  EXPECT_EQ(api_->handle(sign_in_request("")).status, 401) << "none was made yet";
  auto other = store::Store::open(path(), 10ms);
  const auto token = reset_admin_token(*other);
  const Browser browser = sign_in(std::string(token->reveal()));
  EXPECT_EQ(status(browser), 200);
  ASSERT_TRUE(reset_admin_token(*other));
  const ServiceAnswer answer = send(browser, "GET", "/api/agents");
  EXPECT_EQ(answer.status, 401) << "at once, beside a gateway that runs";
  EXPECT_EQ(answer.error_type, "session_expired");
}

TEST_F(AccessTest, SigningOutEndsTheSession) {
  const Browser browser = sign_in();
  const Browser other = sign_in();
  const ServiceAnswer out = send(browser, "DELETE", "/api/session");
  EXPECT_EQ(out.status, 204);
  EXPECT_THAT(out.extra_fields, HasSubstr("archestra_session=; Path=/; Max-Age=0; HttpOnly"));
  const ServiceAnswer answer = send(browser, "GET", "/api/agents");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.error_type, "session_expired");
  EXPECT_EQ(send(browser, "DELETE", "/api/session").status, 401);
  EXPECT_EQ(status(other), 200);
}

TEST_F(AccessTest, SigningInAgainEndsTheOldSession) {
  const Browser before = sign_in();
  ServiceRequest request = sign_in_request("secret");
  request.cookies = base::Secret(before.cookie);
  const Browser after = sign_in(std::move(request));
  EXPECT_NE(after.cookie, before.cookie);
  EXPECT_EQ(status(before), 401);
  EXPECT_EQ(status(after), 200);
}

TEST_F(AccessTest, ASessionThatSomebodyElseChoseIsNone) {
  const std::string chosen = "archestra_session=" + std::string(64, 'a');
  ServiceRequest request = sign_in_request("secret");
  request.cookies = base::Secret(chosen);
  const Browser browser = sign_in(std::move(request));
  EXPECT_NE(browser.cookie, chosen);
  EXPECT_EQ(status({.cookie = chosen, .csrf_token = browser.csrf_token}), 401);
}

TEST_F(AccessTest, CookiesOfOthersDoNotKeepOut) {
  const Browser browser = sign_in();
  const std::string tossed = "archestra_session=" + std::string(64, 'b');
  for (const std::string& cookies :
       {tossed + "; " + browser.cookie, browser.cookie + "; " + tossed,
        "archestra_session=; " + browser.cookie, "archestra_session=x; " + browser.cookie}) {
    EXPECT_EQ(status({.cookie = cookies, .csrf_token = browser.csrf_token}), 200) << cookies;
    EXPECT_EQ(
        send({.cookie = cookies, .csrf_token = browser.csrf_token}, "PUT", "/api/log-levels", "{}").status,
        200);
  }
  EXPECT_EQ(send({.cookie = tossed + "; " + browser.cookie, .csrf_token = browser.csrf_token}, "DELETE",
                 "/api/session")
                .status,
            204);
  EXPECT_EQ(status(browser), 401) << "it is the one that ended";
}

TEST_F(AccessTest, SessionsOutliveARestart) {
  const Browser browser = sign_in();
  start();
  EXPECT_EQ(status(browser), 200);
  EXPECT_EQ(send(browser, "PUT", "/api/log-levels", "{}").status, 200);
}

TEST_F(AccessTest, AnotherAdminTokenEndsThemForGood) {
  const Browser browser = sign_in();
  start("another");
  EXPECT_EQ(status(browser), 401);
  start("secret");
  EXPECT_EQ(status(browser), 401) << "also when the first one comes back";
  start("");
  EXPECT_EQ(status(browser), 401);
}

TEST_F(AccessTest, TheStoreHasOnlyHashes) {
  const Browser browser = sign_in();
  auto database = store::sqlite::Database::open(path(), 10ms);
  auto rows = database->prepare("SELECT hash, admin_token_mark FROM sessions");
  ASSERT_TRUE(rows->step().value());
  const std::string hash(rows->text(0));
  EXPECT_NE(hash, hash_of(browser.cookie.substr(18))) << "not of the token alone";
  EXPECT_EQ(rows->text(1).size(), 4u);
  EXPECT_FALSE(rows->step().value());
  for (const std::string& stolen : {hash, std::string(rows->text(1))})
    EXPECT_EQ(status({.cookie = "archestra_session=" + stolen, .csrf_token = ""}), 401);
}

TEST_F(AccessTest, AnExpiredSessionIsRemoved) {
  const Browser browser = sign_in();
  execute("UPDATE sessions SET expires_at = 1");
  const ServiceAnswer answer = send(browser, "GET", "/api/session");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.error_type, "session_expired");
  execute("UPDATE sessions SET expires_at = 4000000000000000");
  EXPECT_EQ(status(browser), 401) << "it is gone";
}

TEST_F(AccessTest, AForgedRequestChangesNothing) {
  const Browser browser = sign_in();
  const Browser other = sign_in();
  struct Case {
    std::string csrf_token;
    std::string fetch_site;
    std::string_view error_type;
  };
  for (const auto& [csrf_token, fetch_site, error_type] :
       {Case{"", "same-origin", "csrf_token_missing"}, Case{"x", "same-origin", "csrf_token_wrong"},
        Case{other.csrf_token, "same-origin", "csrf_token_wrong"},
        Case{browser.csrf_token + ",x", "", "csrf_token_wrong"},
        Case{browser.csrf_token, "cross-site", "cross_site"},
        Case{browser.csrf_token, "same-site", "cross_site"},
        Case{browser.csrf_token, "anything", "cross_site"}}) {
    for (const auto& [method, path] : {std::pair{"POST", "/api/agents"}, std::pair{"DELETE", "/api/session"},
                                       std::pair{"PUT", "/api/log-levels"}, std::pair{"PATCH", "/api/agents"},
                                       std::pair{"POST", "/api/agents/labels/check"}}) {
      ServiceRequest forged = request(browser, method, path, R"({"name":"A"})");
      forged.csrf_token = base::Secret(csrf_token);
      forged.fetch_site = fetch_site;
      const ServiceAnswer answer = api_->handle(forged);
      EXPECT_EQ(answer.status, 403) << method << " " << path << " " << error_type;
      EXPECT_EQ(answer.error_type, error_type);
    }
  }
  EXPECT_THAT(published_, IsEmpty());
  EXPECT_EQ(status(browser), 200) << "still signed in";
}

TEST_F(AccessTest, OtherOriginsDoNotReadEither) {
  const Browser browser = sign_in();
  for (const char* site : {"cross-site", "same-site"}) {
    ServiceRequest read = request(browser, "GET", "/api/agents");
    read.fetch_site = site;
    EXPECT_EQ(api_->handle(read).status, 403) << site;
    ServiceRequest sign_in = sign_in_request("secret");
    sign_in.fetch_site = site;
    EXPECT_EQ(api_->handle(sign_in).status, 403) << "nobody is signed in by a page of others";
  }
  for (const char* site : {"", "none", "same-origin"}) {
    ServiceRequest read = request(browser, "GET", "/api/agents");
    read.fetch_site = site;
    read.csrf_token = {};
    EXPECT_EQ(api_->handle(read).status, 200) << site;
  }
}

TEST_F(AccessTest, ABearerTokenNeedsNothingElse) {
  ServiceRequest request = {.method = "POST",
                            .target = "/api/agents",
                            .content_type = "application/json",
                            .authorization = base::Secret("Bearer secret"),
                            .body = R"({"name":"A"})",
                            .cookies = base::Secret("archestra_session=x"),
                            .fetch_site = "cross-site"};
  EXPECT_EQ(api_->handle(request).status, 201);
  const Browser browser = sign_in();
  request.authorization = base::Secret("Bearer wrong");
  request.cookies = base::Secret(browser.cookie);
  request.csrf_token = base::Secret(browser.csrf_token);
  request.fetch_site = "";
  EXPECT_EQ(api_->handle(request).status, 401) << "a wrong one is not made good by a session";
  request.authorization = base::Secret("Basic dXNlcjpwdw==");
  EXPECT_EQ(api_->handle(request).status, 201) << "of a proxy between; it says nothing to the gateway";
  EXPECT_EQ(call("GET", "/api/session").status, 401) << "there is no session with a bearer token";
}

TEST_F(AccessTest, WrongTokensHaveToWait) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(api_->handle(sign_in_request("wrong")).status, 401) << i;
  for (const char* token : {"wrong", "secret"}) {
    const ServiceAnswer answer = api_->handle(sign_in_request(token));
    EXPECT_EQ(answer.status, 429) << token;
    EXPECT_EQ(answer.error_type, "too_many_attempts");
    EXPECT_EQ(answer.extra_fields, "Retry-After: 30\r\n");
  }
  EXPECT_EQ(api_->handle(sign_in_request("secret", "192.0.2.2")).status, 201) << "another address";
  EXPECT_EQ(call("GET", "/api/agents").status, 200) << "programs are not kept out by that";
}

TEST_F(AccessTest, WrongBearerTokensHaveToWait) {
  const auto ask = [this](const std::string& token) {
    return call("GET", "/api/agents", "", "Bearer " + token);
  };
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(ask("an old one").status, 401) << "one that nobody told of the new one";
  for (int i = 0; i < 99; ++i) ASSERT_EQ(ask("guess " + std::to_string(i)).status, 401) << i;
  const ServiceAnswer answer = ask("secret");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.extra_fields, "Retry-After: 1\r\n");
  const Browser browser = sign_in();
  EXPECT_EQ(status(browser), 200) << "who is signed in stays so";
}

}  // namespace
}  // namespace archestra::api
