#include "store/sqlite/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "store/test_folder.h"

namespace archestra::store::sqlite {
namespace {

using base::ErrorCode;
using std::chrono_literals::operator""ms;

class DatabaseTest : public ::testing::Test {
 protected:
  base::Result<Database> open() { return Database::open(folder_.file("test.db"), 20ms); }
  TestFolder folder_;
};

TEST_F(DatabaseTest, KeepsTextAsItIs) {
  auto database = open();
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT NOT NULL, b BIGINT NOT NULL)"));
  const std::string odd("a\0b'\"\xf0\x9f\xa4\x96", 9);
  auto insert = database->prepare("INSERT INTO t VALUES (?, ?)");
  ASSERT_TRUE(insert);
  ASSERT_TRUE(insert->bind(odd).bind(INT64_MIN).run());
  ASSERT_TRUE(insert->bind(std::string_view()).bind(std::int64_t{7}).run()) << "empty is not NULL";
  auto select = database->prepare("SELECT a, b FROM t ORDER BY b");
  ASSERT_TRUE(select);
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->text(0), odd);
  EXPECT_EQ(select->number(1), INT64_MIN);
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->text(0), "");
  EXPECT_FALSE(select->step().value());
}

TEST_F(DatabaseTest, AnUncommittedTransactionLeavesNothing) {
  auto database = open();
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT)"));
  {
    const auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->execute("INSERT INTO t VALUES ('x')"));
  }
  auto count = database->prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(count->step().value());
  EXPECT_EQ(count->number(0), 0);
}

TEST_F(DatabaseTest, ALockOfAnotherIsATimeout) {
  auto first = open();
  auto second = open();
  ASSERT_TRUE(first && second);
  auto lock = Transaction::begin(*first);
  ASSERT_TRUE(lock);
  const auto refused = Transaction::begin(*second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTimeout);
  ASSERT_TRUE(lock->commit());
  EXPECT_TRUE(Transaction::begin(*second));
}

TEST_F(DatabaseTest, AFullDatabaseRefusesAndKeepsWhatItHad) {
  auto database = open();
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("CREATE TABLE t (a TEXT); PRAGMA max_page_count = 3"));
  auto insert = database->prepare("INSERT INTO t VALUES (?)");
  ASSERT_TRUE(insert->bind("small").run());
  {
    auto transaction = Transaction::begin(*database);
    const auto full = insert->bind(std::string(1 << 20, 'x')).run();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::kSystem);
    EXPECT_EQ(full.error().detail, ENOSPC);
  }
  EXPECT_TRUE(insert->bind("small too").run());
  auto count = database->prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(count->step().value());
  EXPECT_EQ(count->number(0), 2);
}

TEST_F(DatabaseTest, AFileThatIsNoDatabase) {
  std::ofstream(folder_.file("test.db")) << std::string(4096, 'x');
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kMalformed);
}

TEST_F(DatabaseTest, AFileThatCannotBeOpened) {
  std::filesystem::create_directory(folder_.file("test.db"));
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kSystem);
  EXPECT_EQ(opened.error().detail, EISDIR);
}

TEST_F(DatabaseTest, IsItsOwnersAlone) {
  const auto database = open();
  ASSERT_TRUE(database);
  struct stat status{};
  ASSERT_EQ(::stat(folder_.file("test.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(DatabaseTest, AStatementForAnotherSchema) {
  auto database = open();
  const auto statement = database->prepare("SELECT nothing FROM nowhere");
  ASSERT_FALSE(statement);
  EXPECT_EQ(statement.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace archestra::store::sqlite
