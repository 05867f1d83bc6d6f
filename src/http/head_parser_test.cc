#include "http/head_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/test_splits.h"

namespace archestra::http {
namespace {

using namespace std::string_literals;

constexpr HeadLimits kLimits{.head_bytes_max = 512, .line_bytes_max = 128};

std::string describe(const RequestHead& head) {
  return fmt::format("{} {} 1.{}", head.method, head.target, head.minor_version);
}
std::string describe(const ResponseHead& head) {
  return fmt::format("{} 1.{} [{}]", head.status, head.minor_version, head.reason);
}

/// What a reader makes of the bytes as they come: the head and its size, the error, or "incomplete".
template <class Head, class Parse>
std::string outcome(const Pieces& pieces, Parse parse, const HeadLimits& limits) {
  const auto head = std::make_unique<Head>();
  HeadProgress progress;
  std::string so_far;
  for (const std::string_view piece : pieces) {
    so_far += piece;
    const ExactCopy moved(so_far);
    const auto size = parse(moved.view(), limits, progress, *head);
    if (!size) return fmt::format("{} {}", base::name_of(size.error().code), size.error().detail);
    if (*size == 0) continue;
    std::string text = describe(*head);
    for (const Field& field : head->fields) text += fmt::format("|{}={}", field.name, field.value);
    return text + fmt::format("|{}", *size);
  }
  return "incomplete";
}

void expect_request(const std::string& bytes, const std::string& expected, HeadLimits limits = kLimits) {
  for_each_split(bytes, [&](const Pieces& pieces) {
    EXPECT_EQ(outcome<RequestHead>(pieces, parse_request_head, limits), expected)
        << bytes << "\nin " << pieces.size() << " pieces, the first of " << pieces[0].size();
  });
}

void expect_response(const std::string& bytes, const std::string& expected) {
  for_each_split(bytes, [&](const Pieces& pieces) {
    EXPECT_EQ(outcome<ResponseHead>(pieces, parse_response_head, kLimits), expected)
        << bytes << "\nin " << pieces.size() << " pieces, the first of " << pieces[0].size();
  });
}

/// A request that is fine but for one line.
std::string with_line(const std::string& line) {
  return "POST /v1 HTTP/1.1\r\nHost: a\r\n" + line + "\r\nAccept: */*\r\n\r\n";
}

TEST(RequestHead, IsReadInEveryForm) {
  struct Case {
    std::string bytes;
    std::string expected;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1|Host=a|27"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / 1.0|18"},
      {"GET / HTTP/1.0\r\nHost: a:80\r\n\r\n", "GET / 1.0|Host=a:80|30"},
      {"GET /a?b=c HTTP/1.1\r\nHOST:[::1]:9000\r\nX-Empty:\r\nx-blank: \t \r\n\r\nbody\n",
       "GET /a?b=c 1.1|HOST=[::1]:9000|X-Empty=|x-blank=|63"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1|Host=a|31"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1|Host=a|31"},
      {"m!#$%&'*+-.^_`|~9 //x HTTP/1.1\r\nHost: a\r\n\r\n", "m!#$%&'*+-.^_`|~9 //x 1.1|Host=a|43"},
      // absolute-form
      {"GET http://b:81/c?d HTTP/1.1\r\nHost: B:81\r\n\r\n", "GET /c?d 1.1|Host=B:81|44"},
      {"GET HTTPS://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET / 1.1|Host=b|35"},
      {"OPTIONS http://b HTTP/1.1\r\nHost: b\r\n\r\n", "OPTIONS * 1.1|Host=b|38"},
      {with_line("X-Text:\tcaf\xc3\xa9 \"q\"\tx, y: z \t"),
       "POST /v1 1.1|Host=a|X-Text=caf\xc3\xa9 \"q\"\tx, y: z|Accept=*/*|72"},
      {with_line("X-Long: 0123456789abcdef0123456789abcdef0123456789"),
       "POST /v1 1.1|Host=a|X-Long=0123456789abcdef0123456789abcdef0123456789|Accept=*/*|95"},
  };
  for (const Case& c : cases) expect_request(c.bytes, c.expected);
}

TEST(RequestHead, IsIncompleteUntilItsEmptyLine) {
  for (const char* bytes : {"G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
                            "GET / HTTP/1.1\r\nHost: a\r\n\r", "\r", "\r\n"})
    expect_request(bytes, "incomplete");
}

TEST(RequestHead, RefusesABadRequestLine) {
  for (const char* line : {"GET /",
                           "GET / HTTP/1.1 ",
                           " GET / HTTP/1.1",
                           "GET  / HTTP/1.1",
                           "GET / x HTTP/1.1",
                           "GET /  HTTP/1.1",
                           "GET\t/ HTTP/1.1",
                           "GET /\tHTTP/1.1",
                           "GET HTTP/1.1",
                           "GET  HTTP/1.1",
                           "G(T / HTTP/1.1",
                           "G\xc3\xa9T / HTTP/1.1",
                           "GET / http/1.1",
                           "GET / HTTP/11",
                           "GET / HTTP/1.x",
                           "GET / HTTP/01.1",
                           "GET / HTTP/1.10",
                           "GET / HTTP /1.1",
                           "GET x HTTP/1.1",
                           "GET * HTTP/1.1",
                           "GET a:80 HTTP/1.1",
                           "GET ftp://a/ HTTP/1.1",
                           "GET http:///x HTTP/1.1",
                           "GET http://u@b/x HTTP/1.1",
                           "GET http://b?x HTTP/1.1",
                           "GET http://b:0/ HTTP/1.1",
                           "GET /a#b HTTP/1.1",
                           "GET /caf\xc3\xa9 HTTP/1.1",
                           "GET /\x7f HTTP/1.1",
                           "GET /a\rb HTTP/1.1",
                           "GET / HTTP/1.1\r"})
    expect_request(line + "\r\nHost: a\r\n\r\n"s, "malformed 400");
  expect_request("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"s, "malformed 400");
  for (const char* version : {"0.9", "1.2", "1.9", "2.0", "3.0"})
    expect_request(fmt::format("GET / HTTP/{}\r\nHost: a\r\n\r\n", version), "malformed 505");
  expect_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "malformed 505");
  expect_request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "malformed 501");
  expect_request("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "malformed 501");
}

TEST(RequestHead, RefusesBadFields) {
  for (const char* line : {"Content-Length : 5",
                           "Content-Length\t: 5",
                           ": x",
                           "X",
                           "X y: z",
                           " folded",
                           "\tfolded",
                           "X: a\r\n folded",
                           "X: a\r\n\tfolded",
                           "X\xc3\xa9: a",
                           "X(: a",
                           "X: a\rb",
                           "X: \x01",
                           "X: a\x7f",
                           "X: 0123456789abcde\x1f",
                           "X: 0123456789abcdef01234\x7fxxxxxxxxxxxxxxxx",
                           "X: a\r",
                           "\rX: a",
                           "\r",
                           "X\r: a"})
    expect_request(with_line(line), "malformed 400");
  expect_request(with_line("X: a\0b"s), "malformed 400");
  expect_request(with_line("X\0: b"s), "malformed 400");
  expect_request(with_line("\0"s), "malformed 400");
  // white space before the first field
  expect_request("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "malformed 400");
}

TEST(RequestHead, RefusesBareLineFeedsAtOnce) {
  for (const char* bytes : {"\n", "GET / HTTP/1.1\n", "\r\nGET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\nHost: a\n",
                            "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\r\n\n", "\n\r\n"})
    expect_request(bytes, "malformed 400");
}

TEST(RequestHead, WantsExactlyOneHost) {
  expect_request("GET / HTTP/1.1\r\n\r\n", "malformed 400");
  expect_request("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", "malformed 400");
  expect_request("GET http://b/ HTTP/1.1\r\n\r\n", "malformed 400");
  expect_request(with_line("Host: a"), "malformed 400");
  expect_request(with_line("hOST: b"), "malformed 400");
  expect_request("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "malformed 400");
  for (const char* host : {"", "a b", "a,b", "a/b", "u@a", "a:x", "a:99999", "[::1", "::1", "a\tb", "a%2eb"})
    expect_request(fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host), "malformed 400");
}

TEST(RequestHead, WantsHostToBeThatOfTheTarget) {
  const auto head = [](std::string_view target, std::string_view host) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", target, host);
  };
  expect_request(head("http://a/", "a:80"), "GET / 1.1|Host=a:80|38");
  expect_request(head("https://a:443/", "A"), "GET / 1.1|Host=A|40");
  expect_request(head("HTTP://[::1]/", "[::1]"), "GET / 1.1|Host=[::1]|43");
  expect_request("GET http://a/ HTTP/1.0\r\n\r\n", "GET / 1.0|26");
  for (const auto& [target, host] :
       std::initializer_list<std::pair<const char*, const char*>>{{"http://a/", "b"},
                                                                  {"http://a/", "a:81"},
                                                                  {"http://a:443/", "a"},
                                                                  {"https://a:80/", "a"},
                                                                  {"http://a.b/", "a"},
                                                                  {"http://a/", "a b"},
                                                                  {"http://a/", ""}})
    expect_request(head(target, host), "malformed 400");
}

TEST(RequestHead, RefusesTwoKindsOfFraming) {
  expect_request(with_line("Content-Length: 5\r\nTransfer-Encoding: chunked"), "malformed 400");
  expect_request(with_line("transfer-encoding: chunked\r\ncontent-length: 5"), "malformed 400");
}

TEST(RequestHead, IsBounded) {
  const auto filler = [](std::size_t size) { return std::string(size, 'x'); };
  // a request line of exactly 128 bytes with its line end, then one more
  expect_request("GET /" + filler(112) + " HTTP/1.0\r\n\r\n", "GET /" + filler(112) + " 1.0|130");
  expect_request("GET /" + filler(113) + " HTTP/1.0\r\n\r\n", "too_large 414");
  expect_request(filler(129), "too_large 414");
  expect_request(filler(128), "incomplete");
  expect_request(with_line("X: " + filler(123)), "POST /v1 1.1|Host=a|X=" + filler(123) + "|Accept=*/*|171");
  expect_request(with_line("X: " + filler(124)), "too_large 431");
  // the whole head
  std::string lines = "GET / HTTP/1.0\r\n";
  for (int i = 0; i < 4; ++i) lines += "X: " + filler(115) + "\r\n";
  expect_request(lines + "Y: " + filler(9) + "\r\n\r\n", "GET / 1.0|X=" + filler(115) + "|X=" + filler(115) +
                                                             "|X=" + filler(115) + "|X=" + filler(115) +
                                                             "|Y=" + filler(9) + "|512");
  expect_request(lines + "Y: " + filler(10) + "\r\n\r\n", "too_large 431");
  // a line too long comes before what is wrong with it
  expect_request("(" + filler(200) + "\r\n\r\n", "too_large 414");
}

TEST(RequestHead, AllowsEightEmptyLinesInFront) {
  std::string lines;
  for (int i = 0; i < 8; ++i) lines += "\r\n";
  expect_request(lines + "GET / HTTP/1.0\r\n\r\n", "GET / 1.0|34");
  expect_request(lines + "\r\nGET / HTTP/1.0\r\n\r\n", "malformed 400");
}

TEST(RequestHead, HoldsOneHundredAndTwentyEightFields) {
  std::string fields;
  for (std::size_t i = 0; i < Fields::kMax; ++i) fields += "a:b\r\n";
  const auto head = std::make_unique<RequestHead>();
  HeadProgress progress;
  const std::string full = "GET / HTTP/1.0\r\n" + fields + "\r\n";
  EXPECT_EQ(parse_request_head(full, {}, progress, *head).value_or(0), full.size());
  EXPECT_EQ(head->fields.size(), Fields::kMax);
  progress = {};
  const auto more = parse_request_head("GET / HTTP/1.0\r\na:b\r\n" + fields + "\r\n", {}, progress, *head);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(more.error().detail, 431);
}

TEST(RequestHead, CanBeUsedAgainForTheNextOne) {
  const std::string_view bytes =
      "GET /1 HTTP/1.1\r\nHost: a\r\nDate: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
  const auto head = std::make_unique<RequestHead>();
  HeadProgress progress;
  const auto first = parse_request_head(bytes, {}, progress, *head);
  ASSERT_TRUE(first);
  progress = {};
  ASSERT_TRUE(parse_request_head(bytes.substr(*first), {}, progress, *head));
  EXPECT_EQ(head->target, "/2");
  EXPECT_EQ(head->fields.size(), 1u);
  EXPECT_FALSE(head->fields.has(HeaderId::kDate));
}

TEST(ResponseHead, IsRead) {
  expect_response("HTTP/1.1 200 OK\r\n\r\n", "200 1.1 [OK]|19");
  expect_response("HTTP/1.0 404 Not Found \xe9\r\nA: b\r\n\r\nbody", "404 1.0 [Not Found \xe9]|A=b|34");
  expect_response("HTTP/1.1 529 \r\n\r\n", "529 1.1 []|17");
  expect_response("HTTP/1.1 204\r\n\r\n", "204 1.1 []|16");
  expect_response("HTTP/1.1 200 OK\r\nHost: x y\r\n\r\n", "200 1.1 [OK]|Host=x y|30");
}

TEST(ResponseHead, IsRefused) {
  for (const char* line :
       {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 099 x", "HTTP/1.1  200",
        "HTTP/1.1 20x OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/2.0 200 OK", "ICY 200 OK",
        "http/1.1 200 OK", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 \x02", " HTTP/1.1 200 OK", ""})
    expect_response(line + "\r\nA: b\r\n\r\n"s, "malformed 502");
  for (const char* field : {"X : y", "X: y\r\n z", "X: y\nZ: a", "X: \x01", "nocolon",
                            "Content-Length: 1\r\nTransfer-Encoding: chunked"})
    expect_response(fmt::format("HTTP/1.1 200 OK\r\n{}\r\n\r\n", field), "malformed 502");
  expect_response("HTTP/1.1 200 OK\r\nX: " + std::string(200, 'x'), "too_large 502");
  expect_response("HTTP/1.1 200 " + std::string(200, 'x'), "too_large 502");
}

}  // namespace
}  // namespace archestra::http
