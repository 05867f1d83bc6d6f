#include "proxy/trusted_proxies.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace archestra::proxy {
namespace {

TEST(TrustedProxies, TakesAddressesAndNetworks) {
  for (const char* list :
       {"", "127.0.0.1", "10.0.0.0/8, ::1", "0.0.0.0/0,::/0", "10.1.2.3/8", "2001:db8::/33"})
    EXPECT_TRUE(TrustedProxies::parse(list)) << list;
  for (const char* list : {"localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0/8",
                           "[::1]", "10.0.0.1 10.0.0.2", "/8", "10.0.0.0/8x"})
    EXPECT_FALSE(TrustedProxies::parse(list)) << list;
  EXPECT_TRUE(TrustedProxies::parse(" , ")->empty());
}

struct Case {
  const char* peer;
  std::initializer_list<std::pair<const char*, const char*>> fields;
  const char* client;
};

void expect_clients(const char* trusted, std::initializer_list<Case> cases) {
  const auto proxies = TrustedProxies::parse(trusted);
  ASSERT_TRUE(proxies);
  for (const Case& one : cases) {
    http::Fields fields;
    std::string shown;
    for (const auto& [name, value] : one.fields) {
      ASSERT_TRUE(fields.try_add({.name = name, .value = value}));
      shown += std::string(name) + ": " + value + "\n";
    }
    EXPECT_EQ(proxies->client_of(one.peer, fields), one.client) << one.peer << "\n" << shown;
  }
}

TEST(TrustedProxies, NobodyIsBelievedWhereNobodyIsTrusted) {
  expect_clients("", {{"127.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}, "127.0.0.1"}});
  expect_clients("10.0.0.0/9,2001:db8::/33",
                 {{"127.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}, "127.0.0.1"},
                  {"10.128.0.1", {{"Forwarded", "for=1.2.3.4"}}, "10.128.0.1"},
                  {"2001:db8:8000::1", {{"X-Forwarded-For", "1.2.3.4"}}, "2001:db8:8000::1"},
                  {"10.127.0.1", {}, "10.127.0.1"},
                  {"", {{"X-Forwarded-For", "1.2.3.4"}}, ""}});
}

TEST(TrustedProxies, WalksFromTheRight) {
  expect_clients(
      "10.0.0.0/8,2001:db8::/32",
      {
          {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}, "1.2.3.4"},
          {"::ffff:10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}, "1.2.3.4"},
          {"10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.2.3.4"}}, "1.2.3.4"},
          {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.9.9.9,2001:db8::7"}}, "1.2.3.4"},
          {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}}, "1.2.3.4"},
          {"10.0.0.1", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
          {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4:5678"}}, "1.2.3.4"},
          {"10.0.0.1", {{"X-Forwarded-For", "[2001:DB9::1]:443"}}, "2001:db9::1"},
          {"10.0.0.1", {{"X-Forwarded-For", "2001:db9::0:1"}}, "2001:db9::1"},
          {"10.0.0.1", {{"X-Forwarded-For", "::ffff:1.2.3.4"}}, "1.2.3.4"},
          {"2001:db8::1", {{"Forwarded", "for=1.2.3.4"}}, "1.2.3.4"},
          {"10.0.0.1", {{"Forwarded", "For=\"[2001:db9::1]:4711\";proto=https;by=10.0.0.1"}}, "2001:db9::1"},
          {"10.0.0.1",
           {{"Forwarded", "for=6.6.6.6;host=\"a,b;for=7.7.7.7\", proto=http ; for=1.2.3.4"}},
           "1.2.3.4"},
          {"10.0.0.1", {{"Forwarded", "for=1.2.3.4, for=\"10.0.0.\\2\""}}, "1.2.3.4"},
          {"10.0.0.1", {{"Forwarded", "for=6.6.6.6"}, {"Forwarded", "for=1.2.3.4"}}, "1.2.3.4"},
      });
}

TEST(TrustedProxies, GarbageEndsTheWalkWithTheLastAddress) {
  expect_clients("10.0.0.0/8",
                 {
                     {"10.0.0.1", {{"X-Forwarded-For", "garbage"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"X-Forwarded-For", ""}}, "10.0.0.1"},
                     {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4, unknown, 10.0.0.2"}}, "10.0.0.2"},
                     {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4\"><script>"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"X-Forwarded-For", "[::1"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for=1.2.3.4, for=_hidden"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for=1.2.3.4, for=\"10.0.0.2"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for=1.2.3.4, for=\"10.0.0.2\\"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for=\"1.2.3.4\"x"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for=1.2.3.4\"\""}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "proto=https"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", "for"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"Forwarded", ""}}, "10.0.0.1"},
                 });
}

TEST(TrustedProxies, TwoFieldsMustAgree) {
  expect_clients("10.0.0.0/8",
                 {
                     {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "for=1.2.3.4"}}, "1.2.3.4"},
                     {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6"}, {"Forwarded", "for=1.2.3.4"}}, "10.0.0.1"},
                     {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "\""}}, "10.0.0.1"},
                 });
}

}  // namespace
}  // namespace archestra::proxy
