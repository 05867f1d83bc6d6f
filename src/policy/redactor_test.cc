#include "policy/redactor.h"

#include <gtest/gtest.h>

#include <vector>

namespace archestra::policy {
namespace {

std::string redact(std::string_view text, std::size_t size, std::vector<std::string_view> secrets = {},
                   std::string_view pattern = "") {
  const auto redactor = Redactor::make(pattern);
  std::string out;
  (*redactor)->append(out, text, size, secrets);
  return out;
}
std::string redact(std::string_view text) { return redact(text, text.size()); }

TEST(Redactor, FindsCredentialsOfKnownKinds) {
  const std::string pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK==\n-----END RSA PRIVATE KEY-----";
  for (const std::string& credential : std::vector<std::string>{
           "sk-0123456789abcdef0123", "sk-proj-a_b-c0123456789abcdef", "sk-ant-api03-AAAAbbbbCCCC_dddd-eeee",
           "AIzaSyA0123456789abcdefghijklmnopqrstuv", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE",
           "ghp_0123456789abcdefghijABCDEFGHIJ012345", "gho_0123456789abcdefghijABCDEFGHIJ012345",
           "github_pat_11ABCDEFG0abcdefghijkl_mnop", "xoxb-123456789012-abcdefABCDEF",
           "xoxp-123456789012-abcdefABCDEF", "Bearer abcdefgh.ijklmnop-qrst==",
           "bearer\tabcdefghijklmnopqrst", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_x",
           "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", pem, "-----BEGIN PRIVATE KEY-----\nMIIEow and no end"}) {
    EXPECT_EQ(redact(credential), "[REDACTED]") << credential;
    EXPECT_EQ(redact("It is: " + credential), "It is: [REDACTED]");
    if (!credential.ends_with("no end")) {
      EXPECT_EQ(redact("(" + credential + "), no?"), "([REDACTED]), no?") << credential;
    }
    // In JSON within a text an escape stands in front of it.
    EXPECT_EQ(redact(R"({"a":"\n)" + credential).find(credential), std::string::npos) << credential;
  }
}

TEST(Redactor, LeavesOtherTextAlone) {
  for (const std::string_view text :
       {"", "sk-learn", "a task-force-on-disk-management-systems", "the bearer of bad news", "Bearer token",
        "eyJust a word. Or two.", "AKIA", "xoxo-lots of love", "-----BEGIN CERTIFICATE-----\nMIIB",
        "\xF0\x9F\x98\x80 ghp_short"})
    EXPECT_EQ(redact(text), text);
}

TEST(Redactor, ReplacesWhatTheCallerKnows) {
  EXPECT_EQ(redact("my-own-key, my-own-key!", 100, {"my-own-key"}), "[REDACTED], [REDACTED]!");
  EXPECT_EQ(redact("short", 100, {"short"}), "short");
  EXPECT_EQ(redact("anything", 100, {""}), "anything");
}

TEST(Redactor, ReplacesWhatMatchesAPattern) {
  EXPECT_EQ(redact("card 4111-1111, sk-0123456789abcdef0123", 100, {}, R"(\d{4}-\d{4})"),
            "card [REDACTED], [REDACTED]");
  EXPECT_EQ(redact("abc", 100, {}, "x*"), "abc");  // it matches nothing, everywhere
  EXPECT_FALSE(Redactor::make("(").has_value());
  EXPECT_NE(Redactor::make("(").error().find("missing"), std::string::npos);
}

TEST(Redactor, ShowsNoPartOfOneThatIsCutInTwo) {
  const std::string text = "key: sk-0123456789abcdef0123 and more";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string shown = redact(text, size);
    EXPECT_EQ(shown.find("sk-"), std::string::npos) << size;
    EXPECT_LE(shown.size(), size + Redactor::kReplacement.size());
  }
  EXPECT_EQ(redact(text, 5), "key: ");
  EXPECT_EQ(redact(text, 6), "key: [REDACTED]");
}

TEST(Redactor, MakesOneOfThoseThatOverlap) {
  EXPECT_EQ(redact("Bearer sk-0123456789abcdef0123 x", 100, {"sk-0123456789abcdef"}), "[REDACTED] x");
}

}  // namespace
}  // namespace archestra::policy
