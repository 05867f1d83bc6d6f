#include "api/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using ::testing::HasSubstr;

TEST(Query, ReadsNamesAndValues) {
  const Query query("key=cost%2Dcenter&search=a+b%20c&empty=&bare&&u=%C3%BC");
  EXPECT_EQ(query.find("key"), "cost-center");
  EXPECT_EQ(query.find("search"), "a b c");
  EXPECT_EQ(query.find("empty"), "");
  EXPECT_EQ(query.find("bare"), "");
  EXPECT_EQ(query.find("u"), "\u00fc");
  EXPECT_EQ(query.find("other"), std::nullopt);
  EXPECT_FALSE(query.fault({"key", "search", "empty", "bare", "u"}));
}

TEST(Query, Faults) {
  EXPECT_FALSE(Query("").fault({"a"}));
  EXPECT_THAT(Query("a=%").fault({"a"}).value_or(""), HasSubstr("percent escape"));
  EXPECT_THAT(Query("a=%4").fault({"a"}).value_or(""), HasSubstr("percent escape"));
  EXPECT_THAT(Query("a=%zz").fault({"a"}).value_or(""), HasSubstr("percent escape"));
  EXPECT_THAT(Query("a=%+1").fault({"a"}).value_or(""), HasSubstr("percent escape"));
  EXPECT_THAT(Query("b=1").fault({"a"}).value_or(""), HasSubstr("no parameter \"b\" here. There is: a."));
  EXPECT_THAT(Query("a=1&b=2&a=3").fault({"a", "b"}).value_or(""), HasSubstr("a occurs twice"));
}

TEST(Page, Numbers) {
  struct {
    const char* query;
    const char* fault;
    std::uint64_t limit = 50;
    std::uint64_t offset = 0;
  } const table[] = {
      {"", ""},
      {"limit=1&offset=7", "", 1, 7},
      {"limit=1000", "", 1000},
      {"limit=0", "limit must be a whole number from 1 to 1000"},
      {"limit=1001", "limit must be"},
      {"limit=", "limit must be"},
      {"limit=-1", "limit must be"},
      {"limit=1.5", "limit must be"},
      {"limit=99999999999999999999", "limit must be"},
      {"offset=x", "offset must be a whole number from 0"},
  };
  for (const auto& row : table) {
    Page page;
    const auto fault = page.read(Query(row.query));
    EXPECT_EQ(fault.has_value(), *row.fault != '\0') << row.query;
    if (fault) {
      EXPECT_THAT(*fault, HasSubstr(row.fault));
    } else {
      EXPECT_EQ(page.limit, row.limit) << row.query;
      EXPECT_EQ(page.offset, row.offset) << row.query;
    }
  }
}

}  // namespace
}  // namespace archestra::api
