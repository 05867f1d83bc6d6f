#include "telemetry/log/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
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

bool push(LogWriter& writer, std::string text) { return writer.try_push(text); }

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
  while (taken < 100 && push(writer, std::string(19'999, 'x') + '\n')) ++taken;
  EXPECT_GE(taken, 15);
  EXPECT_LT(taken, 100) << "what waits must be bounded";
  std::string refused = "still here";
  while (writer.try_push(refused)) refused.assign(100'000, 'y');  // until full for good
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
  EXPECT_TRUE(writer.try_push(lines));
  writer.stop(10s);
  EXPECT_EQ(writer.lost_lines().value(), 3u);
}

// As on a disk that becomes full and has room again: no file may grow beyond a limit, in the middle of a
// line.
TEST(LogWriter, ALineThatIsWrittenInPartIsLostAndSpoilsNoOther) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto limit_to = [&before](rlim_t bytes) {
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  };
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    LogWriter writer(fileno(file));
    const auto write = [&writer](std::string lines) {
      EXPECT_TRUE(writer.try_push(lines));
      while (writer.queued_bytes() > 0) std::this_thread::sleep_for(1ms);
    };
    limit_to(10);
    write("first\nsecond\nthird\n");  // it takes 10 bytes of 19
    EXPECT_EQ(writer.lost_lines().value(), 2u);
    write("fourth\n");
    EXPECT_EQ(writer.lost_lines().value(), 3u);
    limit_to(before.rlim_cur);
    write("fifth\n");
    write("sixth\n");
    EXPECT_EQ(writer.lost_lines().value(), 3u);
  }
  std::signal(SIGXFSZ, handler);
  std::array<char, 64> text{};
  const ssize_t size = pread(fileno(file), text.data(), text.size(), 0);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(size)), "first\nseco\nfifth\nsixth\n");
  std::fclose(file);
}

}  // namespace
}  // namespace archestra::telemetry
