#include "http/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace archestra::http {
namespace {

constexpr std::pair<std::string_view, HeaderId> kKnown[] = {
    {"Accept-Encoding", HeaderId::kAcceptEncoding},
    {"X-Archestra-Agent-Id", HeaderId::kArchestra},
    {"Authorization", HeaderId::kAuthorization},
    {"Baggage", HeaderId::kBaggage},
    {"Connection", HeaderId::kConnection},
    {"Content-Encoding", HeaderId::kContentEncoding},
    {"Content-Length", HeaderId::kContentLength},
    {"Content-Type", HeaderId::kContentType},
    {"Cookie", HeaderId::kCookie},
    {"Date", HeaderId::kDate},
    {"Expect", HeaderId::kExpect},
    {"Host", HeaderId::kHost},
    {"Keep-Alive", HeaderId::kKeepAlive},
    {"Proxy-Authenticate", HeaderId::kProxyAuthenticate},
    {"Proxy-Authorization", HeaderId::kProxyAuthorization},
    {"Proxy-Connection", HeaderId::kProxyConnection},
    {"Retry-After", HeaderId::kRetryAfter},
    {"Server-Timing", HeaderId::kServerTiming},
    {"TE", HeaderId::kTe},
    {"Traceparent", HeaderId::kTraceparent},
    {"Tracestate", HeaderId::kTracestate},
    {"Trailer", HeaderId::kTrailer},
    {"Transfer-Encoding", HeaderId::kTransferEncoding},
    {"Upgrade", HeaderId::kUpgrade},
    {"User-Agent", HeaderId::kUserAgent},
};

std::string in_case(std::string_view name, int (*change)(int)) {
  std::string text(name);
  std::ranges::transform(text, text.begin(),
                         [change](unsigned char c) { return static_cast<char>(change(c)); });
  return text;
}

TEST(HeaderId, KnowsEachNameInAnyCase) {
  for (const auto& [name, id] : kKnown) {
    EXPECT_EQ(header_id(name), id) << name;
    EXPECT_EQ(header_id(in_case(name, std::tolower)), id) << name;
    EXPECT_EQ(header_id(in_case(name, std::toupper)), id) << name;
  }
}

TEST(HeaderId, TakesNoOtherNameForAKnownOne) {
  for (const auto& [name, id] : kKnown) {
    const std::size_t significant = id == HeaderId::kArchestra ? 12 : name.size();
    for (std::size_t i = 0; i < significant; ++i)
      for (int bit = 0; bit < 8; ++bit) {
        if (bit == 5 && std::isalpha(static_cast<unsigned char>(name[i]))) continue;  // the case
        std::string other(name);
        other[i] = static_cast<char>(other[i] ^ (1 << bit));
        EXPECT_EQ(header_id(other), HeaderId::kOther) << other;
      }
    EXPECT_EQ(header_id(std::string(name.substr(0, significant - 1))), HeaderId::kOther) << name;
    if (id != HeaderId::kArchestra) {
      EXPECT_EQ(header_id(std::string(name) + "x"), HeaderId::kOther) << name;
    }
  }
  EXPECT_EQ(header_id(""), HeaderId::kOther);
}

TEST(HeaderId, HopByHop) {
  for (const HeaderId id : {HeaderId::kConnection, HeaderId::kKeepAlive, HeaderId::kProxyAuthenticate,
                            HeaderId::kProxyAuthorization, HeaderId::kProxyConnection, HeaderId::kTe,
                            HeaderId::kTrailer, HeaderId::kTransferEncoding, HeaderId::kUpgrade})
    EXPECT_TRUE(is_hop_by_hop(id));
  for (const HeaderId id :
       {HeaderId::kOther, HeaderId::kContentLength, HeaderId::kAuthorization, HeaderId::kHost})
    EXPECT_FALSE(is_hop_by_hop(id));
}

TEST(EqualsIgnoringCase, FoldsLettersAndNothingElse) {
  for (std::size_t size : {1u, 3u, 4u, 5u, 7u, 8u, 9u, 15u, 16u, 17u}) {
    for (int a = 0; a < 256; ++a)
      for (int b = 0; b < 256; ++b) {
        // The byte in question last, where short and long compares differ most.
        std::string x(size, 'k'), y(size, 'K');
        x.back() = static_cast<char>(a);
        y.back() = static_cast<char>(b);
        const bool expected = a < 128 && b < 128 ? std::tolower(a) == std::tolower(b) : a == b;
        ASSERT_EQ(equals_ignoring_case(x, y), expected) << size << ' ' << a << ' ' << b;
      }
  }
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", ""));
  EXPECT_FALSE(equals_ignoring_case("abcdefgh1", "abcdefgh2"));
  EXPECT_FALSE(equals_ignoring_case("1abcdefgh", "2abcdefgh"));
}

Fields fields_of(std::initializer_list<std::pair<std::string_view, std::string_view>> list) {
  Fields fields;
  for (const auto& [name, value] : list) fields.try_add({name, value, header_id(name)});
  return fields;
}

TEST(Fields, AreFoundById) {
  const Fields fields = fields_of({{"a", "1"}, {"Date", "2"}, {"date", "3"}, {"b", "4"}});
  EXPECT_EQ(fields.size(), 4u);
  EXPECT_EQ(fields.find(HeaderId::kDate)->value, "2");
  EXPECT_EQ(fields.value_of(HeaderId::kDate), "2");
  EXPECT_EQ(fields.count_of(HeaderId::kDate), 2u);
  EXPECT_EQ(fields.count_of(HeaderId::kOther), 2u);
  EXPECT_TRUE(fields.has(HeaderId::kDate));
  EXPECT_EQ(fields.find(HeaderId::kHost), nullptr);
  EXPECT_EQ(fields.value_of(HeaderId::kHost), "");
  EXPECT_EQ(fields.count_of(HeaderId::kHost), 0u);
  EXPECT_FALSE(fields.has(HeaderId::kHost));
}

TEST(Fields, AreNamedByConnection) {
  const Fields fields =
      fields_of({{"Connection", "close, X-Private ,\tx-second"}, {"connection", ",x-third,"}});
  for (const char* name : {"close", "x-private", "X-SECOND", "X-Third"})
    EXPECT_TRUE(fields.named_by_connection(name)) << name;
  for (const char* name : {"x", "x-privat", "connection", "x-private ,"})
    EXPECT_FALSE(fields.named_by_connection(name)) << name;
  EXPECT_FALSE(fields_of({{"X", "close"}}).named_by_connection("close"));
}

TEST(AsksForWebsocket, WantsBothFields) {
  EXPECT_TRUE(asks_for_websocket(fields_of({{"Connection", "Upgrade"}, {"Upgrade", "websocket"}})));
  EXPECT_TRUE(
      asks_for_websocket(fields_of({{"Upgrade", "h2c, WebSocket"}, {"Connection", "keep-alive, upgrade"}})));
  EXPECT_FALSE(asks_for_websocket(fields_of({{"Connection", "Upgrade"}, {"Upgrade", "h2c"}})));
  EXPECT_FALSE(asks_for_websocket(fields_of({{"Connection", "close"}, {"Upgrade", "websocket"}})));
  EXPECT_FALSE(asks_for_websocket(fields_of({{"Connection", "Upgrade"}})));
  EXPECT_FALSE(asks_for_websocket({}));
}

TEST(IsPersistent, FollowsVersionAndConnection) {
  EXPECT_TRUE(is_persistent(1, {}));
  EXPECT_FALSE(is_persistent(0, {}));
  EXPECT_FALSE(is_persistent(1, fields_of({{"Connection", "Close"}})));
  EXPECT_FALSE(is_persistent(1, fields_of({{"Connection", "keep-alive, close"}})));
  EXPECT_FALSE(is_persistent(0, fields_of({{"Connection", "keep-alive"}, {"Connection", "close"}})));
  EXPECT_TRUE(is_persistent(0, fields_of({{"Connection", "Keep-Alive"}})));
  EXPECT_FALSE(is_persistent(0, fields_of({{"Connection", "closed"}})));
  EXPECT_TRUE(is_persistent(1, fields_of({{"Connection", "closed"}})));
}

TEST(IsIdempotent, KnowsTheMethodsOfTheStandard) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    EXPECT_TRUE(is_idempotent(method)) << method;
  for (const char* method : {"POST", "PATCH", "get", ""}) EXPECT_FALSE(is_idempotent(method)) << method;
}

TEST(KeepAliveTimeout, IsInWholeSeconds) {
  using std::chrono::seconds;
  EXPECT_EQ(keep_alive_timeout({}), std::nullopt);
  for (const auto& [value, timeout] : {std::pair{"timeout=5", std::optional(seconds(5))},
                                       {"timeout=5, max=100", seconds(5)},
                                       {"max=100 , Timeout=60", seconds(60)},
                                       {"timeout=0", seconds(0)},
                                       {"timeout=4294967295", seconds(4294967295)},
                                       {"timeout=4294967296", std::nullopt},
                                       {"timeout=", std::nullopt},
                                       {"timeout=-1", std::nullopt},
                                       {"timeout=5s", std::nullopt},
                                       {"max=100", std::nullopt},
                                       {"", std::nullopt}})
    EXPECT_EQ(keep_alive_timeout(fields_of({{"Keep-Alive", value}})), timeout) << value;
}

TEST(RequestHead, SplitsItsTarget) {
  RequestHead head;
  head.target = "/a/b?c=d?e";
  EXPECT_EQ(head.path(), "/a/b");
  EXPECT_EQ(head.query(), "c=d?e");
  head.target = "/a";
  EXPECT_EQ(head.path(), "/a");
  EXPECT_EQ(head.query(), "");
}

TEST(KnownMethod, IsOneOfAClosedSet) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
    EXPECT_EQ(known_method(method), method);
  for (const char* method : {"", "get", "GETS", "PROPFIND"}) EXPECT_EQ(known_method(method), "_OTHER");
}

TEST(ReasonPhrase, IsEmptyForWhatWeNeverSend) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(502), "Bad Gateway");
  EXPECT_EQ(reason_phrase(299), "");
}

TEST(Trimmed, TakesOffBlanksAtTheEnds) {
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed("\ta b \t"), "a b");
  EXPECT_EQ(trimmed("\na\r"), "\na\r") << "of a line";
}

TEST(IsMediaType, LooksAtTheTypeAlone) {
  for (const char* json : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json \t;x", "application/json;"})
    EXPECT_TRUE(is_media_type(json, "application/json")) << json;
  for (const char* other :
       {"", ";", "application/jsonx", "text/json", "application/json, text/plain", "application /json"})
    EXPECT_FALSE(is_media_type(other, "application/json")) << other;
}

}  // namespace
}  // namespace archestra::http
