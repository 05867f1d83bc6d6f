#include "proxy/forward_head.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/head_parser.h"

namespace archestra::proxy {
namespace {

using http::BodyFraming;
using http::BodyKind;

constexpr std::string_view kTraceparent = "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01";

// A head as the parser gives it. The text outlives it.
http::RequestHead request_head(const std::string& text) {
  http::RequestHead head;
  http::HeadProgress progress;
  const auto size = http::parse_request_head(text, {}, progress, head);
  EXPECT_TRUE(size && *size == text.size()) << text;
  return head;
}

http::ResponseHead response_head(const std::string& text) {
  http::ResponseHead head;
  http::HeadProgress progress;
  const auto size = http::parse_response_head(text, {}, progress, head);
  EXPECT_TRUE(size && *size == text.size()) << text;
  return head;
}

http::Traceparent traceparent() {
  http::Traceparent value;
  for (std::size_t i = 0; i < 16; ++i) value.trace_id.bytes[i] = static_cast<std::uint8_t>(i + 1);
  for (std::size_t i = 0; i < 8; ++i) value.parent_id.bytes[i] = static_cast<std::uint8_t>(i + 17);
  value.sampled = true;
  return value;
}

struct Sent {
  BodyFraming framing{};
  Encoding encoding = Encoding::kAsAsked;
  bool keep_tracestate = false;
  std::string base_path = "/v1";
  std::string host_field = "api.example.com";
  std::string path = "/chat/completions";
};

// What the upstream gets of a request with these field lines.
std::string upstream_head(const std::string& fields, const Sent& sent = {},
                          std::string_view start = "POST /x HTTP/1.1") {
  const std::string text = std::string(start) + "\r\nHost: gateway:9000\r\n" + fields + "\r\n";
  const http::RequestHead head = request_head(text);
  Target target;
  target.base_path = sent.base_path;
  target.host_field = sent.host_field;
  const UpstreamRequest request{.head = head,
                                .target = target,
                                .path = sent.path,
                                .framing = sent.framing,
                                .traceparent = traceparent(),
                                .keep_tracestate = sent.keep_tracestate,
                                .encoding = sent.encoding};
  std::string room(upstream_head_room(request), '\0');
  http::HeadWriter out(room);
  write_upstream_head(request, out);
  EXPECT_TRUE(out.ok());
  return std::string(out.written());
}

std::string expected_upstream(const std::string& fields, const std::string& own = "") {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: api.example.com\r\n" + fields +
         "traceparent: " + std::string(kTraceparent) + "\r\n" + own + "\r\n";
}

TEST(UpstreamHead, SendsOnWhatNoRuleNamesUnchangedAndInOrder) {
  const std::string fields =
      "Authorization: Bearer sk-1\r\ncontent-TYPE: application/json\r\nx-dup: 2\r\nX-Dup: 1\r\nUser-Agent: "
      "sdk/1\r\n"
      "OpenAI-Organization: org\r\nx-empty: \r\nCookie: a=b; c=d\r\nX-Stainless-Lang: js\r\nAccept: */*\r\n"
      "Accept-Encoding: gzip, br\r\nContent-Encoding: gzip\r\nDate: today\r\nVia: 1.1 x\r\nX-Archestr: "
      "kept\r\n";
  EXPECT_EQ(upstream_head(fields), expected_upstream(fields));
}

TEST(UpstreamHead, KeepsBackWhatEndsHere) {
  struct Case {
    std::string fields;
    std::string kept;
  };
  const Case kCases[] = {
      // Connection-specific ones (RFC 9110 section 7.6.1),
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nA: b\r\n", "A: b\r\n"},
      {"TE: trailers\r\nTrailer: X-T\r\nUpgrade: h2c\r\nProxy-Connection: close\r\nA: b\r\n", "A: b\r\n"},
      {"Proxy-Authorization: Basic eA==\r\nProxy-Authenticate: Basic\r\nA: b\r\n", "A: b\r\n"},
      {"Transfer-Encoding: chunked\r\nA: b\r\n", "A: b\r\n"},
      // those the client names,
      {"X-One: 1\r\nConnection: close, x-one ,X-TWO\r\nx-two: 2\r\nx-three: 3\r\n", "x-three: 3\r\n"},
      {"X-One: 1\r\nConnection: x-one\r\nConnection: x-two\r\nX-Two: 2\r\n", ""},
      {"Connection: accept-encoding, tracestate\r\nAccept-Encoding: gzip\r\ntracestate: a=b\r\n", ""},
      {"X-One: 1\r\nConnection: x-on, x-onee, \"x-one\"\r\n", "X-One: 1\r\n"},
      // what is the gateway's own,
      {"baggage: user=1\r\nX-Archestra-Agent-Id: me\r\nx-archestra-meta: a/b/c\r\nA: b\r\n", "A: b\r\n"},
      {"X-ARCHESTRA-: x\r\nBaggage: a=b\r\n", ""},
      {"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\nTraceparent: junk\r\n", ""},
      // and what has been answered.
      {"Expect: 100-continue\r\nA: b\r\n", "A: b\r\n"},
  };
  const Sent tracestate{.keep_tracestate = true};
  for (const Case& c : kCases)
    EXPECT_EQ(upstream_head(c.fields, tracestate), expected_upstream(c.kept)) << c.fields;
}

// Whoever has it is signed in at the gateway.
TEST(UpstreamHead, KeepsSessionsOfThePlatformApiToItself) {
  struct Case {
    std::string fields;
    std::string kept;
  };
  const Case kCases[] = {
      {"Cookie: archestra_session=1\r\nA: b\r\n", "A: b\r\n"},
      {"cookie: __Host-archestra_session=1\r\n", ""},
      {"Cookie: a=b; archestra_session=1; c=d\r\n", "Cookie: a=b; c=d\r\n"},
      {"COOKIE: archestra_session=1;a=b;  c=d\r\n", "COOKIE: a=b;  c=d\r\n"},
      {"Cookie: archestra_session=1; archestra_session=2\r\nCookie: __Host-archestra_session=3; a=b\r\n",
       "Cookie: a=b\r\n"},
      {"Cookie: a=b;\tarchestra_session =1; ; archestra_session\r\n", "Cookie: a=b; \r\n"},
      {"Cookie: xarchestra_session=1; a=archestra_session=1\r\n",
       "Cookie: xarchestra_session=1; a=archestra_session=1\r\n"},
  };
  for (const Case& c : kCases) EXPECT_EQ(upstream_head(c.fields), expected_upstream(c.kept)) << c.fields;
}

TEST(UpstreamHead, SendsTracestateOnlyWithItsTraceparent) {
  const std::string fields = "tracestate: a=b\r\nTracestate: c=d\r\n";
  EXPECT_EQ(upstream_head(fields, {.keep_tracestate = true}), expected_upstream(fields));
  EXPECT_EQ(upstream_head(fields, {.keep_tracestate = false}), expected_upstream(""));
}

TEST(UpstreamHead, AsksForIdentityWhereTheResponseIsChanged) {
  const Sent identity{.encoding = Encoding::kIdentity};
  const std::string own = "Accept-Encoding: identity\r\n";
  EXPECT_EQ(upstream_head("", identity), expected_upstream("", own));
  EXPECT_EQ(upstream_head("Accept-Encoding: gzip\r\nA: b\r\nAccept-Encoding: br\r\n", identity),
            expected_upstream("A: b\r\n", own));
  EXPECT_EQ(upstream_head("", {.encoding = Encoding::kAsAsked}), expected_upstream(""));
}

TEST(UpstreamHead, FramesTheBodyAsItIsSent) {
  // The client's length is of what it sent; what is sent on may be longer.
  EXPECT_EQ(upstream_head("Content-Length: 2\r\n", {.framing = {BodyKind::kLength, 42}}),
            expected_upstream("", "Content-Length: 42\r\n"));
  EXPECT_EQ(upstream_head("Content-Length: 0\r\n", {.framing = {BodyKind::kLength, 0}}),
            expected_upstream("", "Content-Length: 0\r\n"));
  EXPECT_EQ(upstream_head("Transfer-Encoding: chunked\r\n", {.framing = {BodyKind::kLength, 7}}),
            expected_upstream("", "Content-Length: 7\r\n"));
  EXPECT_EQ(upstream_head("Transfer-Encoding: chunked\r\n", {.framing = {BodyKind::kChunked, 0}}),
            expected_upstream("", "Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(upstream_head("", {.framing = {BodyKind::kNone, 0}}), expected_upstream(""));
  EXPECT_EQ(upstream_head("Content-Length: 2\r\nConnection: content-length, host, traceparent\r\n",
                          {.framing = {BodyKind::kLength, 18446744073709551615u}}),
            expected_upstream("", "Content-Length: 18446744073709551615\r\n"));
}

TEST(UpstreamHead, HasTheTargetsPathAndHost) {
  struct Case {
    Sent sent;
    std::string_view start;
    std::string_view expected;
  };
  const Case kCases[] = {
      {{.base_path = "", .host_field = "[::1]:8080", .path = "/a?b=c"},
       "GET /v1/openai/a?b=c HTTP/1.1",
       "GET /a?b=c HTTP/1.1\r\nHost: [::1]:8080\r\n"},
      {{.base_path = "/deep/base", .path = "/"},
       "DELETE / HTTP/1.1",
       "DELETE /deep/base/ HTTP/1.1\r\nHost: api.example.com\r\n"},
      // The upstream is spoken to in HTTP/1.1 whatever the client speaks.
      {{}, "PUT / HTTP/1.0", "PUT /v1/chat/completions HTTP/1.1\r\nHost: api.example.com\r\n"},
  };
  for (const Case& c : kCases) {
    const std::string head = upstream_head("", c.sent, c.start);
    EXPECT_EQ(head, std::string(c.expected) + "traceparent: " + std::string(kTraceparent) + "\r\n\r\n");
  }
}

TEST(UpstreamHead, AlwaysFitsItsRoom) {
  // As many and as long fields as the parser lets through, and all that may be added.
  std::string many;
  for (std::size_t i = 0; i + 2 < http::Fields::kMax; ++i) many += "a:\r\n";
  std::string large;
  for (int i = 0; i < 3; ++i) large += "x-" + std::to_string(i) + ": " + std::string(16'000, 'v') + "\r\n";
  for (const std::string& fields : {many, large, std::string()}) {
    for (const std::size_t size : {0u, 1u, 5000u}) {
      const Sent sent{.framing = {BodyKind::kLength, 18446744073709551615u},
                      .encoding = Encoding::kIdentity,
                      .keep_tracestate = true,
                      .base_path = std::string(size, 'b'),
                      .host_field = std::string(size, 'h'),
                      .path = std::string(size, 'p')};
      const std::string head = upstream_head(fields, sent, "A" + std::string(size, 'M') + " / HTTP/1.1");
      EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    }
  }
}

// --- Responses --------------------------------------------------------------------------------------------

struct Answered {
  ClientFraming framing = ClientFraming::kChunked;
  std::uint64_t length = 0;
  bool keep_alive = true;
  int client_minor_version = 1;
  base::Duration gateway{};
  base::Duration upstream{};
  ClientBody body = ClientBody::kAsItCame;
  std::vector<std::pair<std::size_t, std::string>> replaced = {};  // by the field's place
  bool is_sandboxed = false;
};

std::string client_head(const std::string& fields, const Answered& answered = {},
                        std::string_view start = "HTTP/1.1 200 OK") {
  const std::string text = std::string(start) + "\r\n" + fields + "\r\n";
  const http::ResponseHead head = response_head(text);
  std::vector<ReplacedField> replaced;
  replaced.reserve(answered.replaced.size());
  for (const auto& [place, value] : answered.replaced)
    replaced.push_back({.field = &head.fields.all()[place], .value = value});
  const ClientResponse response{.head = head,
                                .framing = answered.framing,
                                .length = answered.length,
                                .body = answered.body,
                                .keep_alive = answered.keep_alive,
                                .client_minor_version = answered.client_minor_version,
                                .gateway = answered.gateway,
                                .upstream = answered.upstream,
                                .replaced = replaced,
                                .is_sandboxed = answered.is_sandboxed};
  std::string room(client_head_room(response), '\0');
  http::HeadWriter out(room);
  write_client_head(response, out);
  EXPECT_TRUE(out.ok());
  return std::string(out.written());
}

std::string expected_client(const std::string& fields,
                            const std::string& own = "Transfer-Encoding: chunked\r\n",
                            const std::string& start = "HTTP/1.1 200 OK") {
  return start + "\r\n" + fields + "Server-Timing: gateway;dur=0.000, upstream;dur=0.000\r\n" + own + "\r\n";
}

TEST(ClientHead, SendsBackWhatNoRuleNamesUnchangedAndInOrder) {
  const std::string fields =
      "Date: today\r\ncontent-TYPE: text/event-stream\r\nretry-after: 7\r\nx-ratelimit-remaining-tokens: "
      "9\r\n"
      "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nServer-Timing: db;dur=1\r\nContent-Encoding: br\r\nVary: *\r\n"
      "baggage: a=b\r\ntraceparent: x\r\nx-empty: \r\n";
  EXPECT_EQ(client_head(fields), expected_client(fields));
}

// x-archestra-error tells that the gateway answered: an upstream must not say it in our name.
TEST(ClientHead, KeepsTheGatewaysOwnFieldsToItself) {
  EXPECT_EQ(client_head("A: b\r\nx-archestra-error: not ours\r\nX-Archestra-Anything: x\r\n"),
            expected_client("A: b\r\n"));
}

TEST(ClientHead, LetsNoProviderSetASession) {
  EXPECT_EQ(client_head(
                "Set-Cookie: archestra_session=1; Path=/\r\nset-cookie: __Host-archestra_session=; Secure\r\n"
                "Set-Cookie: a=archestra_session\r\n"),
            expected_client("Set-Cookie: a=archestra_session\r\n"));
}

TEST(ClientHead, TellsBrowsersToRunNothing) {
  EXPECT_EQ(client_head("Content-Type: text/html\r\n", {.is_sandboxed = true}),
            expected_client("Content-Type: text/html\r\nContent-Security-Policy: sandbox\r\n"
                            "X-Content-Type-Options: nosniff\r\n"));
  for (const char* page :
       {"", "Content-Type: text/html\r\n", "Content-Type: TEXT/HTML; charset=utf-8\r\n",
        "Content-Type: image/svg+xml\r\n", "Content-Type: IMAGE/SVG+XML\r\n", "Content-Type: text/xml\r\n",
        "Content-Type: application/xhtml+xml\r\n", "Content-Type: application/pdf\r\n", "Content-Type: \r\n",
        "Content-Type: json\r\n", "Content-Type: */*\r\n", "Content-Type: application/json, text/html\r\n",
        "Content-Type: application/json\r\nContent-Type: text/html\r\n"}) {
    const std::string text = std::string("HTTP/1.1 200 OK\r\n") + page + "\r\n";
    EXPECT_TRUE(may_be_a_page(response_head(text))) << page;
  }
  for (const char* other :
       {"application/json", "Application/JSON; charset=utf-8", "text/event-stream", "text/plain",
        "application/octet-stream", "audio/mpeg", "video/mp4", "image/png", "Image/WebP"}) {
    const std::string text = std::string("HTTP/1.1 200 OK\r\nContent-Type: ") + other + "\r\n\r\n";
    EXPECT_FALSE(may_be_a_page(response_head(text))) << other;
  }
}

TEST(ClientHead, ReplacesValuesInTheirPlaces) {
  EXPECT_EQ(client_head("A: 1\r\nx-Url: u\r\nA: 1\r\nX-URL: u\r\n", {.replaced = {{2, "2"}, {1, ""}}}),
            expected_client("A: 1\r\nx-Url: \r\nA: 2\r\nX-URL: u\r\n"));
  const std::string value(5000, 'v');
  EXPECT_EQ(client_head("A: 1\r\nB: 2\r\n", {.replaced = {{0, value}, {1, value}}}),
            expected_client("A: " + value + "\r\nB: " + value + "\r\n"));
  EXPECT_EQ(client_head("Connection: a\r\nA: 1\r\n", {.replaced = {{1, "2"}}}), expected_client(""));
}

// RFC 9110 section 8.6: a client that believes it would wait, or take the next response for a body.
TEST(ClientHead, TellsNoLengthWithoutContent) {
  const Answered bodyless{.framing = ClientFraming::kNone};
  EXPECT_EQ(client_head("A: b\r\nContent-Length: 5\r\n", bodyless, "HTTP/1.1 204 No Content"),
            expected_client("A: b\r\n", "", "HTTP/1.1 204 No Content"));
}

TEST(ClientHead, KeepsStatusAndReason) {
  for (const std::string start :
       {"HTTP/1.1 429 Too Many Requests", "HTTP/1.1 529 Site Is Overloaded!", "HTTP/1.1 200 "})
    EXPECT_EQ(client_head("", {}, start), expected_client("", "Transfer-Encoding: chunked\r\n", start));
  // Whatever version the upstream speaks.
  EXPECT_EQ(client_head("", {}, "HTTP/1.0 201 Made"),
            expected_client("", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 201 Made"));
}

TEST(ClientHead, KeepsBackWhatEndsHere) {
  struct Case {
    std::string fields;
    std::string kept;
  };
  const Case kCases[] = {
      {"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nA: b\r\n",
       "A: b\r\n"},
      {"Trailer: X-T\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nProxy-Connection: close\r\nTE: x\r\n",
       ""},
      {"X-One: 1\r\nConnection: close, x-one ,X-TWO\r\nx-two: 2\r\nx-three: 3\r\n", "x-three: 3\r\n"},
      {"Connection: x-one\r\nX-One: 1\r\nConnection: x-two\r\nX-Two: 2\r\n", ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(client_head(c.fields), expected_client(c.kept)) << c.fields;
}

TEST(ClientHead, FramesTheBodyAsItIsSent) {
  struct Case {
    std::string fields;
    Answered answered;
    std::string kept;
    std::string own;
  };
  const Case kCases[] = {
      {"Content-Length: 5\r\nA: b\r\n",
       {.framing = ClientFraming::kLength, .length = 5},
       "A: b\r\n",
       "Content-Length: 5\r\n"},
      {"",
       {.framing = ClientFraming::kLength, .length = 18446744073709551615u},
       "",
       "Content-Length: 18446744073709551615\r\n"},
      {"Content-Length: 5\r\n", {.framing = ClientFraming::kChunked}, "", "Transfer-Encoding: chunked\r\n"},
      {"Transfer-Encoding: chunked\r\n",
       {.framing = ClientFraming::kUntilClose, .keep_alive = false},
       "",
       "Connection: close\r\n"},
      {"Content-Length: 5\r\n",
       {.framing = ClientFraming::kUntilClose, .keep_alive = false, .client_minor_version = 0},
       "",
       "Connection: close\r\n"},
      // Without a body a length still tells something: the answer to a HEAD, a 304.
      {"Content-Length: 5\r\nETag: x\r\n",
       {.framing = ClientFraming::kNone},
       "Content-Length: 5\r\nETag: x\r\n",
       ""},
      {"Transfer-Encoding: chunked\r\n", {.framing = ClientFraming::kNone}, "", ""},
      {"", {.framing = ClientFraming::kNone}, "", ""},
      // Whether the connection goes on.
      {"", {.framing = ClientFraming::kNone, .keep_alive = false}, "", "Connection: close\r\n"},
      {"",
       {.framing = ClientFraming::kLength, .length = 1, .client_minor_version = 0},
       "",
       "Content-Length: 1\r\nConnection: keep-alive\r\n"},
      {"Connection: close\r\n",
       {.framing = ClientFraming::kLength, .length = 1},
       "",
       "Content-Length: 1\r\n"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(client_head(c.fields, c.answered), expected_client(c.kept, c.own)) << c.fields;
}

TEST(ClientHead, SendsNothingThatIsFalseForTheBody) {
  const std::string harmless =
      "Content-Type: text/event-stream\r\nVary: Accept-Encoding\r\nX-Digest: x\r\nLast-Modified: now\r\n";
  const std::string vouching =
      "ETag: \"a\"\r\netag: W/\"a\"\r\nContent-MD5: x\r\nDigest: sha-256=x\r\nContent-Digest: x\r\n"
      "Repr-Digest: x\r\n";
  const std::string encoding = "content-encoding: gzip\r\nContent-Encoding: identity\r\n";
  const std::string fields = harmless + vouching + encoding;
  EXPECT_EQ(client_head(fields, {.body = ClientBody::kAsItCame}), expected_client(fields));
  EXPECT_EQ(client_head(fields, {.body = ClientBody::kChanged}), expected_client(harmless + encoding));
  EXPECT_EQ(client_head(fields, {.body = ClientBody::kDecoded}), expected_client(harmless));
  // Where there is no body the fields are about the one that would be.
  for (const ClientBody body : {ClientBody::kChanged, ClientBody::kDecoded})
    EXPECT_EQ(client_head(fields, {.framing = ClientFraming::kNone, .body = body}),
              expected_client(fields, ""));
}

TEST(ClientHead, TellsTheTimesInMilliseconds) {
  using std::chrono::hours;
  using std::chrono::microseconds;
  using std::chrono::nanoseconds;
  struct Case {
    base::Duration gateway;
    base::Duration upstream;
    std::string_view text;
  };
  const Case kCases[] = {
      {nanoseconds(999), microseconds(1), "gateway;dur=0.000, upstream;dur=0.001"},
      {microseconds(50), microseconds(999), "gateway;dur=0.050, upstream;dur=0.999"},
      {microseconds(1'000), microseconds(12'345'678), "gateway;dur=1.000, upstream;dur=12345.678"},
      {hours(1), microseconds(100), "gateway;dur=3600000.000, upstream;dur=0.100"},
      // Clocks read at different moments may leave less than nothing.
      {nanoseconds(-1), nanoseconds(-5'000'000), "gateway;dur=0.000, upstream;dur=0.000"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(
        client_head("", {.framing = ClientFraming::kNone, .gateway = c.gateway, .upstream = c.upstream}),
        "HTTP/1.1 200 OK\r\nServer-Timing: " + std::string(c.text) + "\r\n\r\n");
}

TEST(ClientHead, AlwaysFitsItsRoom) {
  std::string many;
  for (std::size_t i = 0; i < http::Fields::kMax; ++i) many += "a:\r\n";
  std::string large;
  for (int i = 0; i < 3; ++i) large += "x-" + std::to_string(i) + ": " + std::string(16'000, 'v') + "\r\n";
  for (const std::string& fields : {many, large, std::string()}) {
    for (const ClientFraming framing :
         {ClientFraming::kLength, ClientFraming::kChunked, ClientFraming::kNone}) {
      for (const std::size_t size : {0u, 5000u}) {
        const std::string head = client_head(fields,
                                             {.framing = framing,
                                              .length = 18446744073709551615u,
                                              .keep_alive = false,
                                              .client_minor_version = 0,
                                              .gateway = base::Duration::max(),
                                              .upstream = base::Duration::max()},
                                             "HTTP/1.1 200 " + std::string(size, 'r'));
        EXPECT_TRUE(head.ends_with("\r\n\r\n"));
      }
    }
  }
}

}  // namespace
}  // namespace archestra::proxy
