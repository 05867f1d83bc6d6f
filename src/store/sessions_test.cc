#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "store/store.h"
#include "store/test_folder.h"

namespace archestra::store {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr base::WallTime kStart{std::chrono::seconds(1'700'000'000)};

class Sessions : public ::testing::Test {
 protected:
  Store open() { return std::move(*Store::open(folder_.file("archestra.db"), 20ms)); }
  static Session session(std::string hash, base::WallTime created = kStart, std::string mark = "1234") {
    return {.hash = std::move(hash),
            .admin_token_mark = std::move(mark),
            .created = created,
            .expires = created + 1h};
  }
  static bool has(Store& store, std::string_view hash) {
    return store.session_expiry(hash).value().has_value();
  }
  TestFolder folder_;
};

TEST_F(Sessions, AreKeptOverReopening) {
  {
    Store store = open();
    ASSERT_TRUE(store.add_session(session("a")));
    ASSERT_TRUE(store.add_session(session("b")));
  }
  Store store = open();
  EXPECT_EQ(store.session_expiry("a").value(), kStart + 1h);
  ASSERT_TRUE(store.remove_session("a"));
  EXPECT_TRUE(store.remove_session("none"));
  EXPECT_FALSE(has(store, "a"));
  EXPECT_TRUE(has(store, "b"));
  EXPECT_FALSE(has(store, "none"));
}

TEST_F(Sessions, OfAnotherAdminTokenEnd) {
  Store store = open();
  ASSERT_TRUE(store.add_session(session("a", kStart, "1111")));
  ASSERT_TRUE(store.add_session(session("b", kStart, "2222")));
  ASSERT_TRUE(store.remove_other_sessions("2222", kStart + 1s));
  EXPECT_FALSE(has(store, "a"));
  EXPECT_TRUE(has(store, "b"));
  ASSERT_TRUE(store.remove_other_sessions("2222", kStart + 1h));
  EXPECT_FALSE(has(store, "b")) << "expired";
}

TEST_F(Sessions, EndWithANewAdminToken) {
  Store store = open();
  ASSERT_TRUE(store.add_session(session("a")));
  Store other = open();
  ASSERT_TRUE(other.set_admin_token_hash("x"));
  EXPECT_FALSE(has(store, "a"));
}

TEST_F(Sessions, ExpiredOnesMakeRoom) {
  Store store = open();
  ASSERT_TRUE(store.add_session(session("old")));
  ASSERT_TRUE(store.add_session(session("new", kStart + 1h)));
  EXPECT_FALSE(has(store, "old"));
  EXPECT_TRUE(has(store, "new"));
}

TEST_F(Sessions, TheOldestEndsWhereThereAreTooMany) {
  Store store = open();
  // Written at once, for each commit waits for the disk.
  auto database = sqlite::Database::open(folder_.file("archestra.db"), 20ms);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
      "INSERT INTO sessions SELECT 'session ' || i, '1234', 1700000000000000 + i, 1800000000000000 FROM n"));
  ASSERT_TRUE(has(store, "session 1000"));
  ASSERT_TRUE(store.add_session(session("one more", kStart + 1s)));
  EXPECT_FALSE(has(store, "session 1"));
  EXPECT_TRUE(has(store, "session 2"));
  EXPECT_TRUE(has(store, "one more"));
}

}  // namespace
}  // namespace archestra::store
