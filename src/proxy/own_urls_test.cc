#include "proxy/own_urls.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "net/connector.h"

namespace archestra::proxy {
namespace {

constexpr std::string_view kAgent = "6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10";
constexpr std::array<std::string_view, 2> kNames = {"x-goog-upload-url", "x-other-url"};

// The context is told from none by its address alone.
const net::TlsContext& tls() {
  static const auto context = net::TlsContext::make("");
  return **context;
}

Target target(std::string host, std::uint16_t port, bool is_https, std::string base_path = "") {
  Target target;
  target.endpoint = {.host = std::move(host), .port = port, .tls = is_https ? &tls() : nullptr};
  target.base_path = std::move(base_path);
  return target;
}

// What becomes of a URL; "" where it is left alone.
std::string own_url(std::string_view url, const Target& upstream, const OwnPlace& place) {
  http::ResponseHead head;
  EXPECT_TRUE(head.fields.try_add({"X-Goog-Upload-URL", url}));
  const auto replaced = own_urls(head, kNames, upstream, place);
  if (replaced.empty()) return "";
  EXPECT_EQ(replaced.size(), 1u);
  EXPECT_EQ(replaced[0].field, &head.fields.all()[0]);
  return replaced[0].value;
}

constexpr OwnPlace kByHost{
    .base_url = "", .scheme = "http", .host = "gw:9000", .provider = "gemini", .agent_id = {}};

TEST(OwnUrls, LeadThroughTheGateway) {
  const Target google = target("generativelanguage.googleapis.com", 443, true);
  constexpr std::string_view kUrl =
      "https://generativelanguage.googleapis.com/upload/v1beta/"
      "files?key=a%2Fb&upload_id=x&upload_protocol=resumable";
  constexpr std::string_view kRest = "/upload/v1beta/files?key=a%2Fb&upload_id=x&upload_protocol=resumable";
  EXPECT_EQ(own_url(kUrl, google, kByHost), "http://gw:9000/v1/gemini" + std::string(kRest));
  OwnPlace place = kByHost;
  place.scheme = "https";
  EXPECT_EQ(own_url(kUrl, google, place), "https://gw:9000/v1/gemini" + std::string(kRest));
  place.scheme = "http";
  place.agent_id = base::Uuid::parse(kAgent);
  EXPECT_EQ(own_url(kUrl, google, place),
            "http://gw:9000/v1/gemini/" + std::string(kAgent) + std::string(kRest));
  place.base_url = "https://llm.example.com/gate";
  EXPECT_EQ(own_url(kUrl, google, place),
            "https://llm.example.com/gate/v1/gemini/" + std::string(kAgent) + std::string(kRest));
  place.host = "";
  EXPECT_TRUE(own_url(kUrl, google, place).starts_with("https://llm.example.com/"));
  place.base_url = "";
  EXPECT_EQ(own_url(kUrl, google, place), "") << "nobody knows what the client calls us";
}

TEST(OwnUrls, AreMadeOfThoseOfTheTargetAlone) {
  struct Case {
    std::string_view url;
    std::string_view rest;  // behind the provider's place; "" for left alone
  };
  const Target secure = target("up.example.com", 443, true);
  constexpr Case kSecure[] = {
      {"https://up.example.com/a", "/a"},
      {"HTTPS://UP.Example.COM/A?B", "/A?B"},
      {"https://up.example.com:443/a", "/a"},
      {"https://up.example.com", "/"},
      {"https://up.example.com/", "/"},
      {"https://up.example.com?a=/b", "/?a=/b"},
      {"https://up.example.com//a", "//a"},
      {"http://up.example.com/a", ""},
      {"http://up.example.com:443/a", ""},
      {"https://up.example.com:8443/a", ""},
      {"https://up.example.com.evil.com/a", ""},
      {"https://evil.com/up.example.com/a", ""},
      {"https://up.example.com@evil.com/a", ""},
      {"https://a@up.example.com/a", ""},
      {"https://xup.example.com/a", ""},
      {"//up.example.com/a", ""},
      {"/a", ""},
      {"", ""},
      {"https://up.example.com/a#b", ""},
      {"ftp://up.example.com/a", ""},
  };
  for (const Case& c : kSecure)
    EXPECT_EQ(own_url(c.url, secure, kByHost),
              c.rest.empty() ? "" : "http://gw:9000/v1/gemini" + std::string(c.rest))
        << c.url;

  const Target below = target("::1", 8080, false, "/base/path");
  constexpr Case kBelow[] = {
      {"http://[::1]:8080/base/path/a?b", "/a?b"},
      {"http://[::1]:8080/base/path", "/"},
      {"http://[::1]:8080/base/path?a", "/?a"},
      {"http://[::1]:8080/base/pathology", ""},
      {"http://[::1]:8080/base", ""},
      {"http://[::1]:8080/a", ""},
      {"http://[::1]:8080?/base/path/a", ""},
      {"http://[::1]/base/path/a", ""},
      {"https://[::1]:8080/base/path/a", ""},
  };
  for (const Case& c : kBelow)
    EXPECT_EQ(own_url(c.url, below, kByHost),
              c.rest.empty() ? "" : "http://gw:9000/v1/gemini" + std::string(c.rest))
        << c.url;
}

TEST(OwnUrls, AreMadeOfTheNamedFieldsOnly) {
  const Target upstream = target("up", 80, false);
  http::ResponseHead head;
  for (const std::string_view name : {"Location", "X-OTHER-URL", "x-goog-upload-urls", "x-goog-upload-url"})
    ASSERT_TRUE(head.fields.try_add({name, "http://up/a"}));
  const auto replaced = own_urls(head, kNames, upstream, kByHost);
  ASSERT_EQ(replaced.size(), 2u);
  EXPECT_EQ(replaced[0].field, &head.fields.all()[1]);
  EXPECT_EQ(replaced[1].field, &head.fields.all()[3]);
  EXPECT_TRUE(own_urls(head, {}, upstream, kByHost).empty());
}

}  // namespace
}  // namespace archestra::proxy
