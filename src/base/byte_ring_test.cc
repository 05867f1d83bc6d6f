#include "base/byte_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "base/ids.h"

namespace archestra::base {
namespace {

bool push(ByteRing& ring, std::string_view text) {
  auto room = ring.try_reserve(text.size());
  if (room.data() == nullptr) return false;
  std::memcpy(room.data(), text.data(), text.size());
  ring.commit(text.size());
  return true;
}

std::string pop(ByteRing& ring) {
  const auto record = ring.front();
  if (record.data() == nullptr) return "<none>";
  std::string text(reinterpret_cast<const char*>(record.data()), record.size());
  ring.pop();
  return text;
}

TEST(ByteRing, KeepsOrderAndRefusesWhenFull) {
  ByteRing ring(64);
  EXPECT_EQ(pop(ring), "<none>");
  EXPECT_TRUE(push(ring, "first"));
  EXPECT_TRUE(push(ring, "second, longer"));
  EXPECT_TRUE(push(ring, "third"));
  EXPECT_FALSE(push(ring, "there is no room for this"));
  EXPECT_EQ(pop(ring), "first");
  EXPECT_EQ(pop(ring), "second, longer");
  EXPECT_EQ(pop(ring), "third");
  EXPECT_EQ(pop(ring), "<none>");
  EXPECT_FALSE(push(ring, std::string(ring.record_bytes_max() + 1, 'x')));
}

TEST(ByteRing, NeverSplitsARecordAtTheEnd) {
  ByteRing ring(128);
  Random random(7);
  for (int i = 0; i < 10'000; ++i) {
    const std::string text(random.below(ring.record_bytes_max() + 1), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(push(ring, text)) << i;
    ASSERT_EQ(pop(ring), text) << i;
  }
}

TEST(ByteRing, CarriesEveryRecordBetweenTwoThreads) {
  constexpr int kRecords = 200'000;
  ByteRing ring(4096);
  std::thread producer([&] {
    Random random(1);
    for (int i = 0; i < kRecords; ++i) {
      const std::string text = std::to_string(i) + std::string(random.below(100), '.');
      while (!push(ring, text)) std::this_thread::yield();
    }
  });
  for (int i = 0; i < kRecords;) {
    const std::string text = pop(ring);
    if (text == "<none>") {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(text.substr(0, text.find('.')), std::to_string(i));
    ++i;
  }
  producer.join();
}

}  // namespace
}  // namespace archestra::base
