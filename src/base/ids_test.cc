#include "base/ids.h"

#include <gtest/gtest.h>

namespace archestra::base {
namespace {

TEST(Uuid, ParsesEitherCaseAndPrintsLowercase) {
  const auto id = Uuid::parse("6BA7B810-9dad-11d1-80b4-00C04FD430c8");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->text(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
}

TEST(Uuid, RefusesOtherShapes) {
  for (const char* text : {"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                           "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4_00c04fd430c8"})
    EXPECT_FALSE(Uuid::parse(text)) << text;
}

TEST(Uuid, RandomOnesAreVersion4) {
  Random random(1);
  const std::string text = Uuid::random(random).text();
  EXPECT_EQ(text[14], '4');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
}

TEST(HexId, RoundTripsLowercaseOnly) {
  Random random(2);
  const TraceId id = new_trace_id(random);
  TraceId back;
  EXPECT_TRUE(parse_hex(to_hex(id), back.bytes.data(), 16));
  EXPECT_EQ(back, id);
  EXPECT_FALSE(parse_hex("AB", back.bytes.data(), 1));
  EXPECT_FALSE(parse_hex("abc", back.bytes.data(), 1));
}

TEST(Random, SameSeedSameNumbers) {
  Random a(42), b(42), c(43);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(a.below(7), 7u);
    EXPECT_LT(a.unit(), 1.0);
  }
}

}  // namespace
}  // namespace archestra::base
