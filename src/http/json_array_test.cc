#include "http/json_array.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/test_splits.h"

namespace archestra::http {
namespace {

using Texts = std::vector<std::string>;

// The elements, and a last "!" where any was left out.
Texts read(const Pieces& pieces, std::size_t element_bytes_max) {
  JsonArrayReader reader(element_bytes_max);
  Texts elements;
  for (const std::string_view piece : pieces) {
    const ExactCopy copy(piece);
    reader.feed(copy.view());
    while (const auto element = reader.next()) elements.emplace_back(*element);
  }
  if (reader.left_any_out()) elements.emplace_back("!");
  return elements;
}

void expect_elements(std::string_view stream, const Texts& elements, std::size_t element_bytes_max = 1024) {
  for_each_split(stream, [&](const Pieces& pieces) {
    EXPECT_EQ(read(pieces, element_bytes_max), elements)
        << stream << " in " << pieces.size() << " pieces, the first of " << pieces[0].size();
  });
}

// Gaps and elements in turn; the last gap may be "".
Texts read_all(const Pieces& pieces) {
  JsonArrayReader reader(1024);
  Texts all;
  for (const std::string_view piece : pieces) {
    const ExactCopy copy(piece);
    reader.feed(copy.view());
    while (const auto element = reader.next()) {
      all.emplace_back(reader.gap());
      all.emplace_back(*element);
    }
  }
  all.emplace_back(reader.gap());
  EXPECT_FALSE(reader.left_out_of_gap());
  return all;
}

TEST(JsonArrayReader, KnowsWhatStandsBetween) {
  struct Case {
    std::string_view stream;
    Texts all;
  };
  const Case cases[] = {{"[{\"a\":1}\r\n,\n{} ]\n", {"[", "{\"a\":1}", "\r\n,\n", "{}", " ]\n"}},
                        {" [ ] ", {" [ ] "}},
                        {"[1,2] x", {"[", "1", ",", "2", "] x"}},
                        {"{\"a\":1}{}", {"", "{\"a\":1}", "{}"}},
                        {"data: {}", {"data: {}"}},
                        {"", {""}}};
  for (const Case& c : cases)
    for_each_split(c.stream, [&](const Pieces& pieces) { EXPECT_EQ(read_all(pieces), c.all) << c.stream; });
}

TEST(JsonArrayReader, KeepsNoGapWithoutBound) {
  JsonArrayReader reader(4);
  reader.feed("[ \n \n {}, {}]");
  while (reader.next()) {
  }
  EXPECT_TRUE(reader.left_out_of_gap());
  EXPECT_FALSE(reader.left_any_out());
}

TEST(JsonArrayReader, CutsAtTheElements) {
  expect_elements("[{\"a\":1}\n,\r\n{\"b\":[2,{}]}\n]\n", {"{\"a\":1}", "{\"b\":[2,{}]}"});
  expect_elements(" \t\r\n[ {} , {} ] ", {"{}", "{}"});
  expect_elements("[]", {});
  expect_elements("[\n]", {});
  expect_elements(R"([{"a": {"b": [[], [{"c": {}}]]}},[],[[1],{}]])",
                  {R"({"a": {"b": [[], [{"c": {}}]]}})", "[]", "[[1],{}]"});
}

TEST(JsonArrayReader, KnowsWhatIsText) {
  expect_elements(R"([{"a":"}]{[,"},{"]}":"\"}\\"},{"\\":"\\\"]"}])",
                  {R"({"a":"}]{[,"})", R"({"]}":"\"}\\"})", R"({"\\":"\\\"]"})"});
  expect_elements("[{\"a\":\"\xc3\xa4\\u0022}\\ud83d\"}]", {"{\"a\":\"\xc3\xa4\\u0022}\\ud83d\"}"});
}

TEST(JsonArrayReader, CutsAnyKindOfElement) {
  expect_elements(R"(["a","\"],[",12,-1.5e3, null ,true])",
                  {"\"a\"", "\"\\\"],[\"", "12", "-1.5e3", "null", "true"});
  expect_elements("[12", {});  // there may come another digit
  expect_elements("[12 ", {"12"});
}

TEST(JsonArrayReader, GivesNothingThatIsNotWhole) {
  expect_elements("", {});
  expect_elements("  ", {});
  expect_elements("[", {});
  expect_elements("[{\"a\":{}", {});
  expect_elements("[{\"a\":1},{\"b\":\"}", {"{\"a\":1}"});
  expect_elements("[{\"a\":1},{\"b\":\"\\", {"{\"a\":1}"});
  expect_elements("{\"error\":{}", {});
}

TEST(JsonArrayReader, TakesALoneObjectForItsOnlyElement) {
  expect_elements("\n{\"error\":{\"code\":400}}\n", {"{\"error\":{\"code\":400}}"});
  expect_elements("{} [{}]", {"{}"});
  expect_elements("{},{}", {"{}"});
}

TEST(JsonArrayReader, ReadsNothingElse) {
  for (const char* stream : {"null", "\"[{}]\"", "12,[{}]", "<html>[{}]</html>", "data: [{}]\n\n", "]{}",
                             ",[{}]", "\xEF\xBB\xBF[{}]", "}"})
    expect_elements(stream, {});
  expect_elements("[{\"a\":1}][{\"b\":2}]", {"{\"a\":1}"});
}

// What is no JSON is cut somehow, and the same way for each cut of the bytes.
TEST(JsonArrayReader, CutsNonsenseSomehow) {
  expect_elements("[{]{}", {"{]", "{}"});
  expect_elements("[{}{}\"a\"{},,]", {"{}", "{}", "\"a\"", "{}"});
  expect_elements("[:}\"{}]", {":}\"{}"});
}

TEST(JsonArrayReader, LeavesOutLongElementsAndGoesOn) {
  expect_elements(R"([{"a":1},{"a":12},{"a":2}])", {R"({"a":1})", R"({"a":2})", "!"}, 7);
  expect_elements(R"([{"a":"[[]},{},"},[0,1,2,3,4],"0123456","01234",1234567,12345678,{}])",
                  {"\"01234\"", "1234567", "{}", "!"}, 7);
  expect_elements(R"({"error":1})", {"!"}, 7);
  expect_elements("[{},1,2]", {"1", "2", "!"}, 1);
  expect_elements("[1]", {"!"}, 0);
  expect_elements("[\"0123", {}, 5);
  expect_elements("[\"01234", {"!"}, 5);  // also where it never becomes whole
}

TEST(JsonArrayReader, TakesAnyDepth) {
  const std::string deep = "{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}";
  EXPECT_EQ(read({"[" + deep + ",1]"}, 100'000), (Texts{deep, "1"}));
  EXPECT_EQ(read({"[" + deep + ",1]"}, 1000), (Texts{"1", "!"}));
}

TEST(JsonArrayReader, ManyElementsOfALongStream) {
  std::string stream = "[";
  Texts elements;
  for (std::size_t i = 0; i < 40; ++i) {
    elements.push_back("{\"a\":\"" + std::string(i, i % 2 == 0 ? ']' : '{') + "\"}");
    stream += elements.back() + (i % 3 == 0 ? "\n,\n" : ",");
  }
  expect_elements(stream, elements);
}

}  // namespace
}  // namespace archestra::http
