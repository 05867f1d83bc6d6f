#include "http/body_framing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "http/test_splits.h"

namespace archestra::http {
namespace {

using namespace std::string_literals;
using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string describe(const base::Result<BodyFraming>& framing) {
  if (!framing) return fmt::format("{} {}", base::name_of(framing.error().code), framing.error().detail);
  switch (framing->kind) {
    case BodyKind::kNone:
      return "none";
    case BodyKind::kLength:
      return fmt::format("length {}", framing->length);
    case BodyKind::kChunked:
      return "chunked";
    case BodyKind::kUntilClose:
      return "until close";
  }
  return "?";
}

std::string of_request(Pairs pairs, int minor_version = 1) {
  RequestHead head;
  head.minor_version = minor_version;
  for (const auto& [name, value] : pairs) head.fields.try_add({name, value, header_id(name)});
  return describe(request_framing(head));
}

std::string of_response(int status, Pairs pairs, AnswerTo request = AnswerTo::kOther, int minor_version = 1) {
  ResponseHead head;
  head.status = status;
  head.minor_version = minor_version;
  for (const auto& [name, value] : pairs) head.fields.try_add({name, value, header_id(name)});
  return describe(response_framing(head, request));
}

TEST(RequestFraming, IsDeclaredByOneField) {
  EXPECT_EQ(of_request({}), "none");
  EXPECT_EQ(of_request({{"Content-Length", "0"}}), "length 0");
  EXPECT_EQ(of_request({{"content-length", "9223372036854775807"}}), "length 9223372036854775807");
  EXPECT_EQ(of_request({{"Content-Length", "7"}}, 0), "length 7");
  EXPECT_EQ(of_request({{"Transfer-Encoding", "chunked"}}), "chunked");
  EXPECT_EQ(of_request({{"Transfer-Encoding", "Chunked"}}), "chunked");
}

TEST(RequestFraming, RefusesWhatTwoReadersCouldReadInTwoWays) {
  for (const char* length :
       {"", "+5", "-5", "5, 5", "5,5", "0x5", "5 5", "5.0", "5a", "\xd9\xa3", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "99999999999999999999999"})
    EXPECT_EQ(of_request({{"Content-Length", length}}), "malformed 400") << length;
  EXPECT_EQ(of_request({{"Content-Length", "5"}, {"Content-Length", "5"}}), "malformed 400");
  EXPECT_EQ(of_request({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}), "malformed 400");
  EXPECT_EQ(of_request({{"Transfer-Encoding", "gzip"}, {"Content-Length", "5"}}), "malformed 400");
  EXPECT_EQ(of_request({{"Transfer-Encoding", "chunked"}}, 0), "malformed 400");
}

// RFC 9112 section 6.3: without chunked in the end nobody knows where the body ends. Section 6.1: with it,
// and more below it, it is known and of no use.
TEST(RequestFraming, TellsAnUnknownEndFromAnUnknownCoding) {
  for (const char* coding : {"", ",", "xchunked", "chunkedx", "gzip", "identity", "chunked;q=1",
                             "\"chunked\"", "chunked,", "chunked\x0b", "chunked, identity", "x chunked"})
    EXPECT_EQ(of_request({{"Transfer-Encoding", coding}}), "malformed 400") << coding;
  for (const char* coding : {"chunked, chunked", "gzip, chunked", "identity,\tchunked", ",chunked"})
    EXPECT_EQ(of_request({{"Transfer-Encoding", coding}}), "malformed 501") << coding;
  EXPECT_EQ(of_request({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}),
            "malformed 501");
  EXPECT_EQ(of_request({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}}),
            "malformed 400");
}

TEST(ResponseFraming, DependsOnStatusAndRequest) {
  EXPECT_EQ(of_response(200, {}), "until close");
  EXPECT_EQ(of_response(200, {{"Content-Length", "3"}}), "length 3");
  EXPECT_EQ(of_response(200, {{"Transfer-Encoding", "CHUNKED"}}), "chunked");
  EXPECT_EQ(of_response(200, {{"Content-Length", "3"}}, AnswerTo::kHead), "none");
  EXPECT_EQ(of_response(200, {}, AnswerTo::kHead), "none");
  for (int status : {100, 103, 199, 204, 304})
    EXPECT_EQ(of_response(status, {{"Content-Length", "3"}}), "none") << status;
}

TEST(ResponseFraming, IsDistrustedAsMuch) {
  EXPECT_EQ(of_response(200, {{"Content-Length", "3"}, {"Transfer-Encoding", "chunked"}}), "malformed 502");
  EXPECT_EQ(of_response(200, {{"Content-Length", "3, 3"}}), "malformed 502");
  EXPECT_EQ(of_response(200, {{"Transfer-Encoding", "gzip, chunked"}}), "malformed 502");
  EXPECT_EQ(of_response(200, {{"Transfer-Encoding", "chunked"}}, AnswerTo::kOther, 0), "malformed 502");
  EXPECT_EQ(of_response(304, {{"Content-Length", "x"}}), "malformed 502");
}

/// What comes out of a decoder: "content|consumed|end".
std::string decode(BodyFraming framing, const Pieces& pieces) {
  BodyDecoder decoder(framing);
  std::string content;
  std::size_t consumed = 0;
  for (const std::string_view piece : pieces) {
    const ExactCopy copy(piece);
    for (std::string_view rest = copy.view();;) {
      const auto step = decoder.next(rest);
      if (!step)
        return fmt::format("{}|{} {}", content, base::name_of(step.error().code), step.error().detail);
      content += step->content;
      consumed += step->consumed;
      rest.remove_prefix(step->consumed);
      if (step->consumed == 0) break;
    }
  }
  if (decoder.done()) return fmt::format("{}|{}|done", content, consumed);
  const auto ended = decoder.on_end_of_stream();
  return fmt::format("{}|{}|{}", content, consumed, ended ? "closed" : base::name_of(ended.error().code));
}

void expect_body(BodyFraming framing, const std::string& bytes, const std::string& expected) {
  for_each_split(bytes, [&](const Pieces& pieces) {
    EXPECT_EQ(decode(framing, pieces), expected)
        << bytes << "\nin " << pieces.size() << " pieces, the first of " << pieces[0].size();
  });
}

constexpr BodyFraming kChunked{BodyKind::kChunked, 0};

TEST(BodyDecoder, KnowsTheEndByLength) {
  expect_body({BodyKind::kNone, 0}, "next", "|0|done");
  expect_body({BodyKind::kLength, 0}, "next", "|0|done");
  expect_body({BodyKind::kLength, 5}, "hellonext", "hello|5|done");
  expect_body({BodyKind::kLength, 5}, "hell", "hell|4|reset");
  expect_body({BodyKind::kUntilClose, 0}, "hello", "hello|5|closed");
}

TEST(BodyDecoder, TellsWhatRemains) {
  BodyDecoder decoder({BodyKind::kLength, 5});
  EXPECT_EQ(decoder.remaining(), 5u);
  ASSERT_TRUE(decoder.next("he"));
  EXPECT_EQ(decoder.remaining(), 3u);
  ASSERT_TRUE(decoder.next("llo"));
  EXPECT_EQ(decoder.remaining(), 0u);
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(BodyDecoder(kChunked).remaining(), 0u);
}

TEST(BodyDecoder, TakesChunksOff) {
  expect_body(kChunked, "0\r\n\r\nnext", "|5|done");
  expect_body(kChunked, "5\r\nhello\r\n0\r\n\r\n", "hello|15|done");
  expect_body(kChunked, "A\r\n0123456789\r\nb\r\nabcdefghijk\r\n000\r\n\r\nnext",
              "0123456789abcdefghijk|38|done");
  expect_body(kChunked, "0000000000000002\r\n\r\n\r\n0\r\n\r\n", "\r\n|27|done");
  expect_body(kChunked, "1;a=b;c=\"d;e\";\xc3\xa9\t\r\nx\r\n0;last\r\n\r\n", "x|32|done");
  expect_body(kChunked, "1\r\nx\r\n0\r\nA: b\r\nX-Sum:\r\nT: \t\xe9\r\n\r\nnext", "x|32|done");
  expect_body(kChunked, "1;a=\"\\\"b\\\\\";c\\\r\nx\r\n0\r\n\r\n", "x|24|done");
  expect_body(kChunked, "1;" + std::string(256, 'x') + "\r\na\r\n0\r\n\r\n", "a|268|done");
}

TEST(BodyDecoder, MissesTheEndOfChunks) {
  for (const char* bytes : {"5", "5\r", "5\r\n"})
    expect_body(kChunked, bytes, fmt::format("|{}|reset", std::string_view(bytes).size()));
  expect_body(kChunked, "5\r\nhello", "hello|8|reset");
  expect_body(kChunked, "5\r\nhello\r\n0\r\n", "hello|13|reset");
  expect_body(kChunked, "5\r\nhello\r\n0\r\n\r", "hello|14|reset");
  expect_body(kChunked, "5\r\nhello\r\n0\r\nA: b\r\n", "hello|19|reset");
}

TEST(BodyDecoder, RefusesBrokenChunks) {
  for (const char* bytes : {"x\r\n",
                            "\r\n",
                            ";a\r\n",
                            "+1\r\n",
                            "-1\r\n",
                            "0x1\r\n",
                            " 1\r\n",
                            "1 \r\na\r\n",
                            "1\t;a\r\n",
                            "1\n",
                            "1\rx",
                            "1;a\n",
                            "1;a\x01\r\n",
                            "1;\x7f\r\n",
                            "1;a\rb\r\n",
                            "G\r\n",
                            "1,1\r\n",
                            "10000000000000000\r\n",
                            "00000000000000001\r\n",
                            "8000000000000000\r\n",
                            "ffffffffffffffff\r\n",
                            "1;a=\"\r\n",
                            "1;a=\"b\\\"\r\n",
                            "1;a=\"\\\r\n",
                            "1;\"a\"\"\r\n",
                            "fffffffffffffffff\r\n"})
    expect_body(kChunked, bytes, "|malformed 400");
  for (const char* bytes :
       {"1\r\nab", "1\r\na\n", "1\r\na\rx", "1\r\na0\r\n\r\n", "1\r\na\r\n\r\n", "1\r\na\r\nx"})
    expect_body(kChunked, bytes, "a|malformed 400");
  expect_body(kChunked, "1;\0\r\na"s, "|malformed 400");
  expect_body(kChunked, "1;" + std::string(257, 'x') + "\r\na", "|malformed 400");
}

TEST(BodyDecoder, CountsAChunkOfSixtyThreeBits) {
  expect_body(kChunked, "7fffffffffffffff\r\nabc", "abc|21|reset");
}

TEST(BodyDecoder, RefusesTrailersThatAreNoFields) {
  for (const char* trailer : {"GET / HTTP/1.1\r\n", "A : b\r\n", " A: b\r\n", "A: b\r\n c\r\n", ": b\r\n",
                              "A\r\n", "A: b\n", "A: b\rc\r\n", "A: \x01\r\n", "\n", "\rx", "A: b\r\n\n"})
    expect_body(kChunked, "0\r\n"s + trailer, "|malformed 400");
  expect_body(kChunked, "0\r\nA: \0\r\n"s, "|malformed 400");
}

TEST(BodyDecoder, BoundsTheTrailerSection) {
  // 8192 bytes with the last line end
  const std::string most = "0\r\nA: " + std::string(8192 - 3 - 2 - 2, 'x') + "\r\n\r\n";
  const std::string over = "0\r\nA: " + std::string(8192 - 3 - 2 - 1, 'x') + "\r\n\r\n";
  EXPECT_EQ(decode(kChunked, {most}), fmt::format("|{}|done", most.size()));
  EXPECT_EQ(decode(kChunked, {over}), "|malformed 400");
}

}  // namespace
}  // namespace archestra::http
