#include "telemetry/log/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { close_end(ends[0]); }
  void close_writer() { close_end(ends[1]); }
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  /// Until the writing end is closed.
  std::string read_all() {
    std::string text;
    std::array<char, 65536> block;
    for (ssize_t n = 0; (n = read(ends[0], block.data(), block.size())) > 0;)
      text.append(block.data(), static_cast<std::size_t>(n));
    return text;
  }
  std::array<int, 2> ends{-1, -1};
};

bool push(LogWriter& writer, std::string text) { return writer.try_push(text, 1); }

TEST(LogWriter, WritesEverythingInOrder) {
  Pipe pipe;
  std::string expected;
  std::string read;
  std::thread reader([&] { read = pipe.read_all(); });
  {
    LogWriter writer(pipe.ends[1]);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = std::to_string(i) + std::string(500, 'x') + "\n";
      expected += line;
      EXPECT_TRUE(push(writer, line));
    }
    writer.stop(10s);
    EXPECT_EQ(writer.lost_lines().value(), 0u);
    EXPECT_FALSE(push(writer, "too late\n"));
  }
  pipe.close_writer();
  reader.join();
  EXPECT_EQ(read, expected);
}

TEST(LogWriter, WritesToAFile) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  LogWriter writer(fileno(file));
  EXPECT_TRUE(push(writer, std::string(3 << 20, 'x')));
  writer.stop(10s);
  EXPECT_EQ(writer.lost_lines().value(), 0u);
  EXPECT_EQ(lseek(fileno(file), 0, SEEK_END), 3 << 20);
  std::fclose(file);
}

TEST(LogWriter, AReaderThatStopsStopsNobody) {
  Pipe pipe;
  LogWriter writer(pipe.ends[1], 300'000);
  int taken = 0;
  while (taken < 100 && push(writer, std::string(20'000, 'x'))) ++taken;
  EXPECT_GE(taken, 15);
  EXPECT_LT(taken, 100) << "what waits must be bounded";
  std::string refused = "still here";
  while (writer.try_push(refused, 1)) refused.assign(100'000, 'y');  // until full for good
  EXPECT_FALSE(refused.empty());
  const auto start = base::monotonic_now();
  writer.stop(100ms);
  EXPECT_LT(base::monotonic_now() - start, 5s);
  EXPECT_GT(writer.lost_lines().value(), 0u);
}

TEST(LogWriter, AReaderThatLeftIsCountedAndSurvived) {
  Pipe pipe;
  pipe.close_reader();
  LogWriter writer(pipe.ends[1]);
  std::string lines = "a\nb\nc\n";
  EXPECT_TRUE(writer.try_push(lines, 3));
  writer.stop(10s);
  EXPECT_EQ(writer.lost_lines().value(), 3u);
}

}  // namespace
}  // namespace archestra::telemetry
