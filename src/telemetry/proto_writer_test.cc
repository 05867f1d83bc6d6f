#include "telemetry/proto_writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "telemetry/test_wire.h"

namespace archestra::telemetry {
namespace {

using namespace std::string_view_literals;

TEST(ProtoWriter, WritesTheBytesOfTheSpecification) {
  ProtoWriter out;
  out.varint_field(1, 150);
  EXPECT_EQ(out.bytes(), "\x08\x96\x01"sv);
  out.clear();
  out.string_field(2, "testing");
  EXPECT_EQ(out.bytes(), "\x12\x07testing"sv);
  out.clear();
  out.fixed32_field(16, 0x101);
  EXPECT_EQ(out.bytes(), "\x85\x01\x01\x01\x00\x00"sv);
  out.clear();
  out.fixed64_field(4, 0x3ff0000000000000);  // the double 1.0
  EXPECT_EQ(out.bytes(), "\x21\x00\x00\x00\x00\x00\x00\xf0\x3f"sv);
  out.clear();
  const auto message = out.begin_message(3);
  out.varint_field(1, 150);
  out.end_message(message);
  EXPECT_EQ(out.bytes(), "\x1a\x03\x08\x96\x01"sv);
}

TEST(ProtoWriter, VarintsOfEveryLengthComeBack) {
  ProtoWriter out;
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value : {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) - 1}) {
      out.clear();
      out.varint_field(1, value);
      EXPECT_EQ(WireMessage(out.bytes()).scalar(1), value);
    }
  }
  out.clear();
  out.varint_field(1, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(WireMessage(out.bytes()).scalar(1), std::numeric_limits<std::uint64_t>::max());
}

TEST(ProtoWriter, MessagesOfEveryLengthNest) {
  for (const std::size_t size : {0u, 1u, 100u, 125u, 126u, 127u, 128u, 129u, 16'380u, 16'384u, 3'000'000u}) {
    ProtoWriter out;
    const auto outer = out.begin_message(1);
    const auto inner = out.begin_message(2);
    out.string_field(3, std::string(size, 's'));
    out.end_message(inner);
    out.varint_field(4, 7);
    out.end_message(outer);
    const WireMessage message = WireMessage(out.bytes()).message(1);
    EXPECT_EQ(message.message(2).bytes(3), std::string(size, 's')) << size;
    EXPECT_EQ(message.scalar(4), 7u);
  }
}

TEST(ProtoWriter, TextIsMadeValid) {
  ProtoWriter out;
  out.string_field(1,
                   "a\xff"
                   "b");
  EXPECT_EQ(WireMessage(out.bytes()).bytes(1),
            "a\xef\xbf\xbd"
            "b");
}

}  // namespace
}  // namespace archestra::telemetry
