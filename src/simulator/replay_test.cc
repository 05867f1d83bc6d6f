// Recordings: loading them, and the pieces in which they are sent.
#include "simulator/replay.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace archestra::simulator {
namespace {

namespace fs = std::filesystem;

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() : folder(fs::temp_directory_path() / ("archestra-replay-" + std::to_string(getpid()))) {}
  ~ReplayTest() override { fs::remove_all(folder); }
  void write(const std::string& path, std::string_view text) {
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << text;
  }
  const fs::path folder;
};

std::vector<std::string> pieces(std::string_view body, Cut cut, std::uint64_t seed) {
  RecordedBody source(body, cut, seed);
  std::vector<std::string> all;
  while (true) {
    const Piece piece = source.next();
    all.emplace_back(piece.text);
    if (piece.last) return all;
  }
}

TEST_F(ReplayTest, ARecordingIsStatusHeadersAndBody) {
  write(
      "openai/one/meta.json",
      R"({"status":404,"response_file":"response.json","response_headers":{"Content-Type":"application/json","retry-after":"3"}})");
  write("openai/one/response.json", "{ \"a\" : 1 }\n\n");
  write("gemini/two/meta.json", R"({"status":200,"response_file":"response.sse"})");
  write("gemini/two/response.sse", "data: x\r\n\r\n");
  const auto loaded = Recordings::load(folder);
  ASSERT_TRUE(loaded.has_value());
  const Recording* one = loaded->find("openai/one");
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->status, 404);
  EXPECT_EQ(one->content_type, "application/json");
  EXPECT_EQ(one->fields, "retry-after: 3\r\n");
  EXPECT_EQ(one->body, "{ \"a\" : 1 }\n\n");
  EXPECT_FALSE(one->is_stream);
  const Recording* two = loaded->find("gemini/two");
  ASSERT_NE(two, nullptr);
  EXPECT_TRUE(two->is_stream);
  EXPECT_EQ(two->content_type, "text/event-stream");
  EXPECT_EQ(loaded->find("openai/two"), nullptr);
}

TEST_F(ReplayTest, AStreamMayBeOneJsonArray) {
  write("gemini/array/meta.json", R"({"status":200,"response_file":"response.json","stream":true})");
  write("gemini/array/response.json", "[{}\n,\r\n{}\n]");
  write("gemini/object/meta.json", R"({"status":200,"response_file":"response.json","stream":false})");
  write("gemini/object/response.json", "{}");
  const auto loaded = Recordings::load(folder);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(loaded->find("gemini/array")->is_stream);
  EXPECT_EQ(loaded->find("gemini/array")->content_type, "application/json");
  EXPECT_FALSE(loaded->find("gemini/object")->is_stream);
}

TEST_F(ReplayTest, WhatCannotBeReadIsAnError) {
  EXPECT_FALSE(Recordings::load(folder).has_value());
  fs::create_directories(folder);
  EXPECT_FALSE(Recordings::load(folder).has_value());
  write("openai/one/meta.json", R"({"status":200,"response_file":"absent.json"})");
  EXPECT_FALSE(Recordings::load(folder).has_value());
  write("openai/one/meta.json", "{");
  EXPECT_FALSE(Recordings::load(folder).has_value());
}

TEST(RecordedBodyTest, PiecesAreTheBody) {
  std::string body;
  for (int i = 0; i < 3000; ++i) body += std::to_string(i);
  std::vector<std::size_t> counts;
  for (const Cut cut : {Cut::kWhole, Cut::kByte, Cut::kRandom}) {
    std::string joined;
    const auto all = pieces(body, cut, 4);
    for (const std::string& piece : all) joined += piece;
    EXPECT_EQ(joined, body);
    counts.push_back(all.size());
  }
  EXPECT_EQ(counts[0], 1u);
  EXPECT_EQ(counts[1], body.size());
  EXPECT_GT(counts[2], 20u);
  EXPECT_EQ(pieces(body, Cut::kRandom, 4), pieces(body, Cut::kRandom, 4));
  EXPECT_NE(pieces(body, Cut::kRandom, 4), pieces(body, Cut::kRandom, 5));
  EXPECT_EQ(pieces("", Cut::kByte, 0), std::vector<std::string>{""});
}

}  // namespace
}  // namespace archestra::simulator
