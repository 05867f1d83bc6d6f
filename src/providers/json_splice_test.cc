#include "providers/json_splice.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace archestra::providers::json {
namespace {

std::string spliced(std::string_view text, std::vector<Splice> splices) {
  std::string out = "before ";
  append_spliced(out, text, std::move(splices));
  return out;
}

TEST(JsonSplice, PutsValuesInTheirPlacesInWhateverOrder) {
  const std::string_view text = R"({"a": 1, "b" : [2] })";
  const std::string_view one = text.substr(text.find('1'), 1);
  const std::string_view list = text.substr(text.find('['), 3);
  EXPECT_EQ(spliced(text, {}), R"(before {"a": 1, "b" : [2] })");
  EXPECT_EQ(spliced(text, {{one, "10"}}), R"(before {"a": 10, "b" : [2] })");
  EXPECT_EQ(spliced(text, {{list, "[]"}, {one, "\"x\""}}), R"(before {"a": "x", "b" : [] })");
  EXPECT_EQ(spliced(text, {{text.substr(0, 0), "<"}, {text.substr(text.size()), ">"}}),
            R"(before <{"a": 1, "b" : [2] }>)");
  EXPECT_EQ(spliced(text, {{text, "null"}}), "before null");
}

}  // namespace
}  // namespace archestra::providers::json
