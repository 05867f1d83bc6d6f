// One table of transport behaviour, run over an in-memory pipe and over a real socket pair.
#include "net/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/memory_pipe.h"
#include "net/socket_address.h"
#include "net/task.h"
#include "net/tcp_stream.h"

namespace archestra::net {
namespace {

enum class Kind { kMemory, kTinyMemory, kSocket };

class StreamTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kSocket) {
      int fds[2];
      ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
      a = std::move(*TcpStream::adopt(loop, fds[0], SocketRole::kAccepted));
      b = std::move(*TcpStream::adopt(loop, fds[1], SocketRole::kConnected));
    } else {
      const MemoryPipeOptions tiny{.capacity = 5, .read_bytes_max = 2, .write_bytes_max = 3};
      std::tie(a, b) = make_memory_pipe(loop, GetParam() == Kind::kTinyMemory ? tiny : MemoryPipeOptions{});
    }
  }
  ~StreamTest() override { EXPECT_EQ(group.active(), 0u); }

  static Task<void> send(Stream& to, std::string text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
      const iovec piece{text.data() + sent, text.size() - sent};
      const IoResult result = to.try_write({&piece, 1});
      if (result.status == IoStatus::kFailed) co_return;
      sent += result.bytes;
      if (result.status == IoStatus::kBlocked)
        co_await Wait(to.loop, {{&to.readiness, Interest::kWritable}}, base::kNever);
    }
    to.shut_down_write();
  }

  static Task<void> receive(Stream& from, std::string& text, bool& ended) {
    char bytes[1000];
    while (true) {
      const IoResult result = from.try_read(bytes, sizeof bytes);
      if (result.status == IoStatus::kDone) text.append(bytes, result.bytes);
      if (result.status == IoStatus::kEnd) {
        ended = true;
        co_return;
      }
      if (result.status == IoStatus::kFailed) co_return;
      if (result.status == IoStatus::kBlocked)
        co_await Wait(from.loop, {{&from.readiness, Interest::kReadable}}, base::kNever);
    }
  }

  void run() {
    for (int i = 0; i < 1'000'000 && group.active() > 0; ++i) loop.turn(std::chrono::milliseconds(100));
  }

  EventLoop loop;
  TaskGroup group;
  StreamPtr a, b;
};

TEST_P(StreamTest, CarriesEverythingBothWaysUnderBackPressure) {
  const std::size_t size = GetParam() == Kind::kTinyMemory ? 5000 : 3'000'000;
  std::string there(size, 'x'), back(size, 'y'), got_there, got_back;
  bool there_ended = false, back_ended = false;
  group.spawn(send(*a, there));
  group.spawn(send(*b, back));
  group.spawn(receive(*b, got_there, there_ended));
  group.spawn(receive(*a, got_back, back_ended));
  run();
  EXPECT_TRUE(there_ended && back_ended);
  EXPECT_EQ(got_there, there);
  EXPECT_EQ(got_back, back);
}

TEST_P(StreamTest, DataAndEndInOneEdgeAreBothSeen) {
  const iovec piece{const_cast<char*>("hi"), 2};
  ASSERT_EQ(a->try_write({&piece, 1}).bytes, 2u);
  a.reset();
  loop.turn(std::chrono::milliseconds(10));  // the edge
  std::string text;
  bool ended = false;
  group.spawn(receive(*b, text, ended));
  run();
  EXPECT_EQ(text, "hi");
  EXPECT_TRUE(ended);
  EXPECT_TRUE(b->readiness.gone);
}

TEST_P(StreamTest, AWaitForTheOtherEndSeesItLeave) {
  Wake wake = Wake::kTimeout;
  group.spawn([](Stream& s, Wake& out) -> Task<void> {
    out = co_await Wait(s.loop, {{&s.readiness, Interest::kGone}}, base::kNever);
  }(*b, wake));
  a.reset();
  run();
  EXPECT_EQ(wake, Wake::kFirst);
}

TEST_P(StreamTest, WritingToOneWhoLeftFails) {
  a.reset();
  const std::string big(1'000'000, 'z');
  IoStatus last = IoStatus::kDone;
  for (int i = 0; i < 10 && last != IoStatus::kFailed; ++i) {
    const iovec piece{const_cast<char*>(big.data()), big.size()};
    last = b->try_write({&piece, 1}).status;
  }
  EXPECT_EQ(last, IoStatus::kFailed);
}

// Whether a peer that ends has the request already: acknowledgements tell, and they are TCP's.
class EndOfPeerTest : public testing::Test {
 protected:
  EndOfPeerTest() {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SocketAddress address = *SocketAddress::parse("127.0.0.1", 0);
    EXPECT_EQ(::bind(listening, address.get(), address.length), 0);
    EXPECT_EQ(::listen(listening, 1), 0);
    getsockname(listening, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, address.get(), address.length), 0);
    peer = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(listening);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    ours = std::move(*TcpStream::adopt(loop, fd, SocketRole::kConnected));
    // A request that was answered before.
    write("before");
    EXPECT_EQ(::recv(peer, bytes, 6, MSG_WAITALL), 6);
    EXPECT_EQ(::send(peer, "answer", 6, MSG_NOSIGNAL), 6);
    EXPECT_EQ(read().bytes, 6u);
    before = ours->sent_bytes();
    EXPECT_EQ(before, 6u);
  }
  ~EndOfPeerTest() override { close_peer(); }

  void close_peer() {
    if (peer >= 0) ::close(std::exchange(peer, -1));
  }
  void write(std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    EXPECT_EQ(ours->try_write({&piece, 1}).bytes, text.size());
  }
  IoResult read() {
    IoResult result;
    for (int i = 0; i < 1000; ++i) {
      result = ours->try_read(bytes, sizeof bytes);
      if (result.status != IoStatus::kBlocked) break;
      loop.turn(std::chrono::milliseconds(10));
    }
    return result;
  }

  EventLoop loop;
  int peer = -1;
  std::unique_ptr<TcpStream> ours;
  std::uint64_t before = 0;
  char bytes[100];
};

TEST_F(EndOfPeerTest, BeforeTheRequestIsProven) {
  close_peer();
  write("request");  // answered with a reset by now
  EXPECT_EQ(read().status, IoStatus::kEnd);
  EXPECT_TRUE(ours->ended_before_taking(before));
}

TEST_F(EndOfPeerTest, AfterTheRequestIsSeen) {
  write("request");
  EXPECT_EQ(::recv(peer, bytes, 7, MSG_WAITALL), 7);
  close_peer();
  EXPECT_EQ(read().status, IoStatus::kEnd);
  EXPECT_FALSE(ours->ended_before_taking(before));
}

TEST_F(EndOfPeerTest, AfterAPartOfTheRequestIsSeen) {
  write("req");
  EXPECT_EQ(::recv(peer, bytes, 3, MSG_WAITALL), 3);
  close_peer();
  write("uest");
  EXPECT_EQ(read().status, IoStatus::kEnd);
  EXPECT_FALSE(ours->ended_before_taking(before));
}

TEST_F(EndOfPeerTest, WhereItHalfClosedAndTookTheRequestNevertheless) {
  ::shutdown(peer, SHUT_WR);
  write("request");
  EXPECT_EQ(::recv(peer, bytes, 7, MSG_WAITALL), 7);
  EXPECT_EQ(read().status, IoStatus::kEnd);
  // Proven or not, depending on when the kernel acknowledges. It is never taken for an answer.
  for (int i = 0; i < 100 && ours->ended_before_taking(before); ++i) loop.turn(std::chrono::milliseconds(10));
  EXPECT_FALSE(ours->ended_before_taking(before));
}

TEST_F(EndOfPeerTest, AResetIsNoEnd) {
  write("request");
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close_peer();
  const IoResult result = read();
  EXPECT_EQ(result.status, IoStatus::kFailed);
  EXPECT_EQ(result.error.code, base::ErrorCode::kReset);
}

INSTANTIATE_TEST_SUITE_P(Transports, StreamTest,
                         testing::Values(Kind::kMemory, Kind::kTinyMemory, Kind::kSocket),
                         [](const auto& param_info) {
                           switch (param_info.param) {
                             case Kind::kMemory:
                               return "Memory";
                             case Kind::kTinyMemory:
                               return "TinyMemory";
                             default:
                               return "Socket";
                           }
                         });

}  // namespace
}  // namespace archestra::net
