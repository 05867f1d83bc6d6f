#include "proxy/body_collector.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace archestra::proxy {
namespace {

class BodyCollectorTest : public testing::Test {
 protected:
  // Text as a read leaves it: in a pooled buffer.
  std::string_view pooled(std::string_view text) {
    buffer = pool.take(text.size());
    std::memcpy(buffer.data(), text.data(), text.size());
    return {buffer.data(), text.size()};
  }
  // The next read comes into the same buffer.
  void overwrite() { std::memset(buffer.data(), '#', buffer.size()); }

  base::BufferPool pool;
  base::Buffer buffer;
};

TEST_F(BodyCollectorTest, IsEmptyAtFirst) {
  BodyCollector body(pool, 10);
  EXPECT_EQ(body.whole(), "");
  body.add("");
  body.release_view();
  EXPECT_EQ(body.whole(), "");
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST_F(BodyCollectorTest, DoesNotCopyWhatCameInOnePiece) {
  BodyCollector body(pool, 10);
  const std::string_view text = pooled("0123456789");
  body.add(text);
  body.add("");
  EXPECT_EQ(body.whole(), text);
  EXPECT_EQ(body.whole().data(), text.data());
  EXPECT_EQ(pool.bytes_in_use(), buffer.size());
}

TEST_F(BodyCollectorTest, CopiesWhatWouldGo) {
  BodyCollector body(pool, 10);
  body.add(pooled("0123456789"));
  body.release_view();
  overwrite();
  EXPECT_EQ(body.whole(), "0123456789");
  body.release_view();
  EXPECT_EQ(body.whole(), "0123456789");
}

TEST_F(BodyCollectorTest, JoinsPieces) {
  const std::string text = "the quick brown fox";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    for (const bool released : {true, false}) {
      BodyCollector body(pool, text.size());
      const std::string_view read = pooled(text);
      for (std::size_t at = 0; at < text.size(); at += size) {
        body.add(read.substr(at, size));
        if (released) body.release_view();
      }
      if (size < text.size() || released) overwrite();
      EXPECT_EQ(body.whole(), text) << "pieces of " << size;
    }
  }
}

TEST_F(BodyCollectorTest, GrowsBeyondItsFirstBuffer) {
  std::string text;
  while (text.size() < 5 * base::BufferPool::kLargestPooled / 4) text += std::to_string(text.size()) + " ";
  BodyCollector body(pool, text.size());
  constexpr std::size_t kRead = 10'000;
  for (std::size_t at = 0; at < text.size(); at += kRead) {
    body.add(pooled(std::string_view(text).substr(at, kRead)));
    body.release_view();
    overwrite();
  }
  EXPECT_EQ(body.whole(), text);
}

TEST_F(BodyCollectorTest, HasReadableBytesBehindIt) {
  // A length that fills its buffer to the last byte.
  const std::string text(base::BufferPool::kSmallest, 'x');
  for (const bool released : {true, false}) {
    BodyCollector body(pool, text.size());
    body.add(pooled(text));
    if (released) body.release_view();
    unsigned sum = 0;
    for (std::size_t i = 0; i < base::BufferPool::kSlack; ++i)
      sum += static_cast<unsigned char>(body.whole().data()[text.size() + i]);
    EXPECT_LE(sum, 255u * base::BufferPool::kSlack);  // AddressSanitizer is who would object
  }
}

TEST_F(BodyCollectorTest, GivesUpWhatIsTooMuch) {
  struct Case {
    std::string_view first;
    std::string_view second;
    std::string_view third;
    std::string_view whole;
  };
  constexpr Case kCases[] = {
      {"0123456789", "", "", "0123456789"}, {"0123456789a", "", "", ""},
      {"0123456789a", "b", "", ""},         {"0123456789", "a", "", ""},
      {"01234", "56789", "", "0123456789"}, {"01234", "56789a", "", ""},
      {"01234", "56789", "a", ""},          {"01234", "567", "89a", ""},
      {"01234", "56789a", "b", ""},
  };
  for (const Case& c : kCases) {
    for (const bool released : {true, false}) {
      BodyCollector body(pool, 10);
      for (std::string_view piece : {c.first, c.second, c.third}) {
        body.add(pooled(piece));
        if (!c.second.empty() || released) body.release_view();
      }
      EXPECT_EQ(body.whole(), c.whole) << c.first << "|" << c.second << "|" << c.third;
      buffer.release();
      if (c.whole.empty()) EXPECT_EQ(pool.bytes_in_use(), 0u) << "memory is kept for nothing";
    }
  }
}

}  // namespace
}  // namespace archestra::proxy
