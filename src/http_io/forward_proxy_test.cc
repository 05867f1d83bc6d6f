#include "http_io/forward_proxy.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::http_io {
namespace {

TEST(ForwardProxy, IsAnHttpUrlOrLess) {
  const struct {
    const char* text;
    const char* authority;
    const char* authorization;
  } cases[] = {
      {"http://proxy.corp.example:3128", "proxy.corp.example:3128", ""},
      {"http://proxy.corp.example:3128/", "proxy.corp.example:3128", ""},
      {"HTTP://Proxy.Corp.Example", "proxy.corp.example:80", ""},
      {"proxy:3128", "proxy:3128", ""},
      {"proxy", "proxy:80", ""},
      {"10.0.0.1:8080", "10.0.0.1:8080", ""},
      {"http://[fd00::1]:3128", "[fd00::1]:3128", ""},
      {"[fd00::1]", "[fd00::1]:80", ""},
      // printf 'user:secret' | base64
      {"http://user:secret@proxy:3128", "proxy:3128", "Basic dXNlcjpzZWNyZXQ="},
      {"user:secret@proxy", "proxy:80", "Basic dXNlcjpzZWNyZXQ="},
      // "user:", ":secret", "user:a:b", "a@b:c/d" and "user:p@ss", whose "@" should have been escaped
      {"http://user@proxy", "proxy:80", "Basic dXNlcjo="},
      {"http://:secret@proxy", "proxy:80", "Basic OnNlY3JldA=="},
      {"http://user:a:b@proxy", "proxy:80", "Basic dXNlcjphOmI="},
      {"http://a%40b:c%2Fd@proxy", "proxy:80", "Basic YUBiOmMvZA=="},
      {"http://user:p@ss@proxy", "proxy:80", "Basic dXNlcjpwQHNz"},
  };
  for (const auto& c : cases) {
    const auto proxy = ForwardProxy::parse(c.text);
    ASSERT_TRUE(proxy) << c.text;
    EXPECT_EQ(proxy->authority(), c.authority) << c.text;
    EXPECT_EQ(proxy->authorization.reveal(), c.authorization) << c.text;
  }
}

TEST(ForwardProxy, IsNothingElse) {
  for (const char* text : {"",
                           "http://",
                           "https://proxy:443",
                           "socks5://proxy:1080",
                           "://proxy",
                           "http://http://proxy",
                           "proxy:0",
                           "proxy:65536",
                           "proxy:port",
                           "http://proxy/path",
                           "http://proxy?",
                           "http://proxy/?x=y",
                           "http://proxy#f",
                           "a proxy",
                           "http://user:pass/word@proxy",
                           "http://us%er@proxy",
                           "http://us%0Aer:x@proxy",
                           "http://user:pa%00ss@proxy",
                           "http://us%3Aer:x@proxy",
                           "http://@",
                           "http://user@",
                           "proxy,other",
                           "::1"})
    EXPECT_FALSE(ForwardProxy::parse(text)) << text;
}

TEST(NoProxy, CoversNamesAndThoseBelowThemAddressesAndNetworks) {
  const struct {
    const char* list;
    const char* host;
    std::uint16_t port;
    bool covered;
  } cases[] = {
      {"", "api.example", 443, false},
      {" , ", "api.example", 443, false},
      {"*", "api.example", 443, true},
      {"other.example, *", "10.0.0.1", 443, true},
      // Names.
      {"example", "api.example", 443, true},
      {"api.example", "api.example", 443, true},
      {"api.example", "v1.api.example", 443, true},
      {"api.example", "notapi.example", 443, false},
      {"api.example", "example", 443, false},
      {".api.example", "v1.api.example", 443, true},
      {".api.example", "api.example", 443, true},
      {".api.example", "notapi.example", 443, false},
      {"*.api.example", "v1.api.example", 443, true},
      {"*.api.example", "api.example", 443, true},
      {"API.Example", "api.example", 443, true},
      {"api.example.", "api.example", 443, true},
      {"api.example", "api.example.", 443, true},
      {"one.example, two.example ,three.example", "two.example", 443, true},
      // Ports.
      {"api.example:8443", "api.example", 8443, true},
      {"api.example:8443", "v1.api.example", 8443, true},
      {"api.example:8443", "api.example", 443, false},
      {"10.1.2.3:8443", "10.1.2.3", 8443, true},
      {"10.1.2.3:8443", "10.1.2.3", 443, false},
      {"[fd00::1]:8443", "fd00::1", 8443, true},
      {"[fd00::1]:8443", "fd00::1", 443, false},
      // Addresses.
      {"10.1.2.3", "10.1.2.3", 443, true},
      {"10.1.2.3", "10.1.2.30", 443, false},
      {"10.0.0.0/8", "10.1.2.3", 443, true},
      {"10.0.0.0/8", "11.1.2.3", 443, false},
      {"10.0.0.0/8", "api.example", 443, false},
      {"fd00::1", "fd00:0:0::1", 443, true},
      {"[fd00::1]", "fd00::1", 443, true},
      {"fd00::/8", "fd12::1", 443, true},
      {"fd00::/8", "fe80::1", 443, false},
      // An address is no name: "3" does not mean all that end like this.
      {"3", "10.1.2.3", 443, false},
      {".2.3", "10.1.2.3", 443, false},
  };
  for (const auto& c : cases) {
    const NoProxy none = NoProxy::parse(c.list);
    EXPECT_TRUE(none.unknown().empty()) << c.list;
    EXPECT_EQ(none.covers(c.host, c.port), c.covered) << c.list << " and " << c.host << ":" << c.port;
  }
}

TEST(NoProxy, TellsWhatMeansNobodyAndKeepsTheRest) {
  for (const std::string item :
       {".", "*.", "*.*", "**", "10.*", "10.0.0.0/33", "10.0.0.0/", "fd00::/129", "api.example/8", "host:0",
        "host:65536", "host:x", "http://host", "one two", "<local>", "[fd00::1", "/run/some.sock"}) {
    const NoProxy none = NoProxy::parse("first.example," + item + ",last.example");
    EXPECT_EQ(none.unknown(), std::vector{item});
    EXPECT_TRUE(none.covers("first.example", 443) && none.covers("last.example", 443)) << item;
    EXPECT_FALSE(none.covers("other.example", 443)) << item;
    EXPECT_FALSE(none.covers("10.0.0.1", 443)) << item;
  }
}

TEST(ProxyFor, OnlyHttpsAndNeverThisMachine) {
  const std::optional<ForwardProxy> proxy = ForwardProxy::parse("proxy:3128");
  const struct {
    const char* url;
    bool proxied;
  } cases[] = {
      {"https://api.example/v1", true},    {"https://api.example:8443", true},
      {"https://10.0.0.1", true},          {"https://[fd00::1]", true},
      {"https://localhost.example", true}, {"https://0.0.0.0", true},
      {"http://api.example/v1", false},    {"https://direct.example", false},
      {"https://localhost", false},        {"https://localhost.:8443", false},
      {"https://LOCALHOST", false},        {"https://api.localhost", false},
      {"https://127.0.0.1", false},        {"https://127.9.9.9", false},
      {"https://[::1]:8443", false},       {"https://[::ffff:127.0.0.1]", false},
  };
  const NoProxy none = NoProxy::parse("direct.example");
  for (const auto& c : cases) {
    const auto url = http::parse_url(c.url);
    ASSERT_TRUE(url) << c.url;
    EXPECT_EQ(proxy_for(*url, proxy, none), c.proxied ? &*proxy : nullptr) << c.url;
    EXPECT_EQ(proxy_for(*url, std::nullopt, none), nullptr) << c.url;
  }
}

}  // namespace
}  // namespace archestra::http_io
