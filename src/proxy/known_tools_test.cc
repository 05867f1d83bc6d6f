#include "proxy/known_tools.h"

#include <gtest/gtest.h>

namespace archestra::proxy {
namespace {

base::Uuid agent(std::uint8_t number) {
  base::Uuid id;
  id.bytes[15] = number;
  return id;
}

TEST(KnownTools, AreThoseOfOneAgentWithOneHash) {
  KnownTools known;
  EXPECT_FALSE(known.contains(agent(1), 7));
  known.add(agent(1), 7);
  EXPECT_TRUE(known.contains(agent(1), 7));
  EXPECT_FALSE(known.contains(agent(1), 8));
  EXPECT_FALSE(known.contains(agent(2), 7));
  known.add(agent(1), 8);
  EXPECT_TRUE(known.contains(agent(1), 7)) << "an agent may declare now these, now those";
  known.clear();
  EXPECT_FALSE(known.contains(agent(1), 7));
}

TEST(KnownTools, AreNeverMoreThanTheLimit) {
  KnownTools known;
  for (std::uint64_t hash = 0; hash < 3 * KnownTools::kEntriesMax; ++hash) {
    known.add(agent(1), hash);
    ASSERT_LE(known.size(), KnownTools::kEntriesMax);
    ASSERT_TRUE(known.contains(agent(1), hash)) << "the newest one is known";
  }
}

}  // namespace
}  // namespace archestra::proxy
