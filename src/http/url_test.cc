#include "http/url.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace archestra::http {
namespace {

std::string describe(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return fmt::format("{}", base::name_of(url.error().code));
  return fmt::format("{} {} {} [{}] [{}]", url->is_https ? "https" : "http", url->host, url->port, url->path,
                     url->query);
}

TEST(Url, IsTakenApart) {
  EXPECT_EQ(describe("http://localhost"), "http localhost 80 [] []");
  EXPECT_EQ(describe("https://API.openai.com/v1"), "https api.openai.com 443 [/v1] []");
  EXPECT_EQ(describe("HTTPS://a:8443/v1/?x=y&z=?/"), "https a 8443 [/v1/] [x=y&z=?/]");
  EXPECT_EQ(describe("http://a:/"), "http a 80 [/] []");
  EXPECT_EQ(describe("http://a?q"), "http a 80 [] [q]");
  EXPECT_EQ(describe("http://127.0.0.1:65535/%20a@b:c"), "http 127.0.0.1 65535 [/%20a@b:c] []");
  EXPECT_EQ(describe("http://[::1]:4318/v1/traces"), "http ::1 4318 [/v1/traces] []");
  EXPECT_EQ(describe("http://[FE80::1]"), "http fe80::1 80 [] []");
  EXPECT_EQ(describe("http://my_service.local-net"), "http my_service.local-net 80 [] []");
}

TEST(Url, IsRefused) {
  for (const char* text : {"",
                           "localhost",
                           "//a",
                           "ftp://a",
                           "http:/a",
                           "http://",
                           "http:///v1",
                           "http://:80",
                           "https://?q",
                           "http://u@a",
                           "http://u:p@a/",
                           "http://a:0",
                           "http://a:65536",
                           "http://a:1x",
                           "http://a:-1",
                           "http://a:80:80",
                           "http://a b",
                           " http://a",
                           "http://a ",
                           "http://a/\n",
                           "http://a/\x7f",
                           "http://a/#f",
                           "http://caf\xc3\xa9",
                           "http://[::1",
                           "http://[]",
                           "http://[a]",
                           "http://[::1]x",
                           "http://[::g]",
                           "http://::1",
                           "http://a,b",
                           "http://a%41"})
    EXPECT_EQ(describe(text), "invalid") << text;
}

TEST(Url, WritesItsAuthority) {
  EXPECT_EQ(parse_url("http://A:80/x")->authority(), "a");
  EXPECT_EQ(parse_url("https://a:443")->authority(), "a");
  EXPECT_EQ(parse_url("https://a:80")->authority(), "a:80");
  EXPECT_EQ(parse_url("http://[::1]:9000")->authority(), "[::1]:9000");
  EXPECT_EQ(parse_url("http://[::1]")->authority(), "[::1]");
}

TEST(Host, IsNameAndPort) {
  const auto describe_host = [](std::string_view value) {
    const auto host = parse_host(value);
    return host ? fmt::format("{} {}", host->host, host->port) : fmt::format("{}", host.error().detail);
  };
  EXPECT_EQ(describe_host("Example.com"), "Example.com 0");
  EXPECT_EQ(describe_host("127.0.0.1:9000"), "127.0.0.1 9000");
  EXPECT_EQ(describe_host("a:"), "a 0");
  EXPECT_EQ(describe_host("[::1]"), "::1 0");
  EXPECT_EQ(describe_host("[::ffff:1.2.3.4]:1"), "::ffff:1.2.3.4 1");
  for (const char* value : {"", ":80", "a:0", "a:65536", "a:80a", "a:4294967376", "a b", "a/b", "u@a", "a?b",
                            "[::1", "[::1]80", "::1", "[]", "[:]", "[a.b]", "a\\b", "a,b", "a%2e"})
    EXPECT_EQ(describe_host(value), "400") << value;
}

TEST(PercentDecoded, TakesEscapesAndNothingElse) {
  EXPECT_EQ(percent_decoded(""), "");
  EXPECT_EQ(percent_decoded("a+b%20c%2Fd%c3%A9"), "a+b c/d\xC3\xA9");
  EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
  for (const char* bad : {"%", "%4", "a%4g", "%g4", "%%41", "%+1", "%-1", "% 1"})
    EXPECT_EQ(percent_decoded(bad), std::nullopt) << bad;
}

TEST(WithoutEscapes, LeavesAloneWhatIsNone) {
  std::string scratch;
  constexpr std::string_view kPlain = "/chat/completions";
  EXPECT_EQ(without_escapes(kPlain, scratch).data(), kPlain.data()) << "nothing is copied";
  EXPECT_EQ(without_escapes("/chat%2f%63ompletions", scratch), "/chat/completions");
  EXPECT_EQ(without_escapes("a+%20%", scratch), "a+ %");
  for (const char* bad : {"%", "%4", "a%4g", "%g4", "%+1", "%-1"})
    EXPECT_EQ(without_escapes(bad, scratch), bad);
}

}  // namespace
}  // namespace archestra::http
