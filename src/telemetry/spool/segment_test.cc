#include "telemetry/spool/segment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "telemetry/spool/test_version.h"

namespace archestra::telemetry::spool {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBytes = 4096;

base::MappedMemory memory_of(std::size_t bytes) { return *base::MappedMemory::anonymous(bytes); }

base::MappedMemory copy_of(std::string_view bytes) {
  base::MappedMemory memory = memory_of(bytes.size());
  std::memcpy(memory.bytes().data(), bytes.data(), bytes.size());
  return memory;
}

EntryInfo info(std::uint32_t items, int seconds = 0) {
  return {
      .items = items, .at = base::WallTime(1000s + std::chrono::seconds(seconds)), .ring = 3, .ring_end = 88};
}

/// A segment, and its bytes as another process finds them.
struct Written {
  explicit Written(std::size_t bytes = kBytes) {
    base::MappedMemory memory = memory_of(bytes);
    view = {reinterpret_cast<const char*>(memory.bytes().data()), bytes};
    segment = Segment::begin(std::move(memory), 5, "the frame");
  }
  std::string bytes() const { return std::string(view); }
  Segment& operator*() { return *segment; }
  Segment* operator->() { return &*segment; }
  std::string_view view;
  std::optional<Segment> segment;
};

struct Content {
  std::vector<std::string> entries;
  std::uint64_t items = 0;
  std::uint64_t lost = 0;
};

Content read_all(Segment& segment) {
  Content content;
  while (const auto entry = segment.next()) {
    content.entries.emplace_back(entry->bytes);
    content.items += entry->info.items;
    content.lost += entry->lost_items;
  }
  content.lost += segment.lost_at_end();
  return content;
}

TEST(Segment, GivesWhatWasAppended) {
  Written written;
  EXPECT_TRUE(written->is_empty());
  EXPECT_FALSE(written->next());
  ASSERT_TRUE(written->try_append(info(2, 7), "first"));
  ASSERT_TRUE(written->try_append(info(3), ""));
  EXPECT_EQ(written->items(), 5u);
  EXPECT_EQ(written->oldest_at(), base::WallTime(1007s));
  EXPECT_FALSE(written->next(1)) << "it has two";
  const auto entry = written->next(2);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->bytes, "first");
  EXPECT_EQ(entry->info.items, 2u);
  EXPECT_EQ(entry->info.at, base::WallTime(1007s));
  EXPECT_EQ(entry->info.ring, 3u);
  EXPECT_EQ(entry->info.ring_end, 88u);
  EXPECT_FALSE(written->is_at_end());
  EXPECT_EQ(written->next()->bytes, "");
  EXPECT_TRUE(written->is_at_end());
  EXPECT_EQ(written->items(), 5u) << "nothing is settled";
  written->settle();
  EXPECT_TRUE(written->is_empty());
  EXPECT_EQ(written->items(), 0u);
}

TEST(Segment, AnotherProcessFindsWhatIsNotSettled) {
  Written written;
  for (const char* text : {"first", "second", "third"}) ASSERT_TRUE(written->try_append(info(2), text));
  written->next();
  written->settle();
  written->next();  // given, and then it died
  auto found = Segment::open(copy_of(written.bytes()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->frame(), "the frame");
  EXPECT_EQ(found->items(), 4u);
  const Content content = read_all(*found);
  EXPECT_EQ(content.entries, (std::vector<std::string>{"second", "third"}));
  EXPECT_EQ(content.items, 4u);
  EXPECT_EQ(content.lost, 0u);
  found->settle();
  EXPECT_TRUE(found->is_empty());
}

TEST(Segment, RefusesWhatDoesNotFit) {
  Written written;
  const std::size_t most = Segment::entry_bytes_max(kBytes, std::strlen("the frame"));
  EXPECT_FALSE(written->try_append(info(1), std::string(kBytes, 'x')));
  EXPECT_TRUE(written->has_room_for(most));
  ASSERT_TRUE(written->try_append(info(1), std::string(most, 'x')));
  EXPECT_FALSE(written->try_append(info(1), ""));
  EXPECT_EQ(read_all(*written).entries.front().size(), most);
  EXPECT_FALSE(Segment::begin(memory_of(512), 1, std::string(500, 'f'))) << "no room for its frame";
}

TEST(Segment, WhatWasThereBeforeARewindIsNotFoundAgain) {
  Written written;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(written->try_append(info(1), "before " + std::to_string(i)));
  written->rewind(6);
  EXPECT_TRUE(written->is_empty());
  ASSERT_TRUE(written->try_append(info(4), "after"));
  std::string bytes = written.bytes();
  std::memset(bytes.data() + 128, 0, 128);  // both copies of the marks: it has to look for itself
  auto found = Segment::open(copy_of(bytes));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->items(), 4u);
  EXPECT_EQ(read_all(*found).entries, std::vector<std::string>{"after"});
}

TEST(Segment, AtAnyStepOfARewindThereIsNothingInIt) {
  Written written;
  ASSERT_TRUE(written->try_append(info(1), "settled"));
  written->next();
  written->settle();
  const std::string before = written.bytes();
  written->rewind(6);
  const std::string after = written.bytes();
  // The process may die between any two stores; the first ones are those of the heads.
  std::string bytes = before;
  for (std::size_t i = 0; i < before.size(); i += 64) {
    bytes.replace(i, 64, after, i, 64);
    auto found = Segment::open(copy_of(bytes));
    ASSERT_TRUE(found) << i;
    EXPECT_EQ(read_all(*found).entries.size(), 0u) << i;
    EXPECT_EQ(found->items(), 0u) << i;
  }
}

TEST(Segment, AnyByteOfItMayBeDamaged) {
  Written written(1024);
  const std::vector<std::string> texts{"settled", "the first one", "2", "the third one, which is longer",
                                       "last"};
  for (const std::string& text : texts) ASSERT_TRUE(written->try_append(info(2), text));
  written->next();
  written->settle();
  const std::string whole = written.bytes();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char damage : {'\x01', '\x08', '\x80', '\xff'}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ damage);
      auto found = Segment::open(copy_of(bytes));
      ASSERT_TRUE(found) << i;
      const Content content = read_all(*found);
      EXPECT_EQ(content.items + content.lost, 8u) << i << ": what cannot be read is counted";
      EXPECT_LE(content.lost, 2u) << i << ": one entry at most";
      std::size_t at = 1;  // what is settled is not given again
      for (const std::string& entry : content.entries) {
        while (at < texts.size() && texts[at] != entry) ++at;
        EXPECT_LT(at++, texts.size()) << i << ": " << entry;
      }
      EXPECT_TRUE(found->frame() == "the frame" || found->frame().empty()) << i;
      found->settle();
      EXPECT_TRUE(found->is_empty()) << i;
    }
  }
}

TEST(Segment, WhateverIsInAFileIsSafeToRead) {
  std::uint64_t state = 1;
  const auto random = [&state] {
    return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33;
  };
  Written written(1024);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(written->try_append(info(1), std::string(random() % 40, 'x')));
  const std::string whole = written.bytes();
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = whole;
    for (std::uint64_t n = random() % 40; n-- > 0;)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (round % 3 == 0) bytes.resize(random() % bytes.size() + 1);
    auto found = Segment::open(copy_of(bytes));
    if (!found) continue;
    read_all(*found);
    found->settle();
    EXPECT_TRUE(found->is_empty());
  }
}

TEST(Segment, OfAnotherVersionIsCounted) {
  Written written;
  ASSERT_TRUE(written->try_append(info(7), "text"));
  std::string bytes = written.bytes();
  write_as_version(bytes.data(), 0);
  auto other = Segment::open(copy_of(bytes));
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->is_readable());
  EXPECT_EQ(other->items(), 7u);
  const Content content = read_all(*other);
  EXPECT_TRUE(content.entries.empty());
  EXPECT_EQ(content.lost, 7u);
  other->settle();
  EXPECT_TRUE(other->is_empty());
}

TEST(Segment, IsNoneWhereItDoesNotBeginAsOne) {
  EXPECT_FALSE(Segment::open(memory_of(kBytes)));
  EXPECT_FALSE(Segment::open(copy_of(std::string(100, 'x'))));
}

}  // namespace
}  // namespace archestra::telemetry::spool
