#include "base/byte_ring.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

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

/// A ring in a file, as its process leaves it when it is killed.
class RingFile : public testing::Test {
 protected:
  static constexpr std::size_t kCapacity = 256;
  RingFile() { std::filesystem::remove(path_); }
  ~RingFile() override { std::filesystem::remove(path_); }

  ByteRing make() { return {kCapacity, *MappedMemory::create(path_, ByteRing::bytes_for(kCapacity))}; }
  std::optional<RingRemains> remains() { return RingRemains::in(*MappedMemory::open(path_)); }
  std::vector<std::string> read_all() {
    std::vector<std::string> texts;
    std::optional<RingRemains> ring = remains();
    if (!ring) return {"no ring"};
    for (auto record = ring->front(); record.data() != nullptr; record = ring->front()) {
      texts.emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
      ring->pop();
    }
    if (ring->is_damaged()) texts.emplace_back("damage");
    return texts;
  }
  const std::string path_ = testing::TempDir() + "ring-" + std::to_string(getpid());
};

TEST_F(RingFile, HasWhatWasCommittedAndNotTaken) {
  {
    ByteRing ring = make();
    push(ring, "taken");
    pop(ring);
    push(ring, "first");
    push(ring, "second");
    ring.try_reserve(8);  // and killed
  }
  EXPECT_EQ(read_all(), (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(read_all(), std::vector<std::string>()) << "they were taken";
}

TEST_F(RingFile, FindsThemAcrossItsEnd) {
  std::uint64_t end = 0;
  {
    ByteRing ring = make();
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(push(ring, std::string(72, 'x')));
      if (i < 98) pop(ring);
    }
    ring.front();
    end = ring.front_end();
  }
  std::optional<RingRemains> ring = remains();
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->front().size(), 72u);
  EXPECT_EQ(ring->end(), end);
  ring->pop();
  EXPECT_EQ(ring->front().size(), 72u);
  ring->pop();
  EXPECT_TRUE(ring->front().empty());
  EXPECT_FALSE(ring->is_damaged());
}

TEST_F(RingFile, AnyByteMayBeDamaged) {
  {
    ByteRing ring = make();
    for (const char* text : {"first", "second", "third"}) push(ring, text);
  }
  const std::string whole = [this] {
    const auto memory = MappedMemory::open(path_);
    return std::string(reinterpret_cast<const char*>(memory->bytes().data()), memory->bytes().size());
  }();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char damage : {'\x01', '\x80', '\xff'}) {
      {
        const auto memory = MappedMemory::open(path_);
        std::memcpy(memory->bytes().data(), whole.data(), whole.size());
        memory->bytes()[i] ^= static_cast<std::byte>(damage);
      }
      EXPECT_LE(read_all().size(), 40u)
          << i;  // what it reads lies within the file: the sanitizer sees to that
    }
  }
}

TEST_F(RingFile, IsNoneWhereItDoesNotBeginAsOne) {
  ByteRing ring = make();
  std::filesystem::resize_file(path_, 100);
  EXPECT_FALSE(remains());
}

}  // namespace
}  // namespace archestra::base
