// The simulator as a client sees it: a running one, plain sockets, bytes in and bytes out.
#include "simulator/simulator.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/body_framing.h"
#include "http/head_parser.h"

namespace archestra::simulator {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view kChat = R"({"model":"gpt-4o","messages":[]})";
constexpr std::string_view kStream = R"({"model":"gpt-4o","messages":[],"stream":true})";

/// How the bytes from the server ended.
enum class Ending { kWhole, kCut, kReset, kNothing };

struct Response {
  int status = 0;
  std::string head;
  std::string body;
  std::size_t reads = 0;  ///< how many times something arrived
  Ending ending = Ending::kNothing;
};

/// A blocking client on one connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(fd_); }

  void send(std::string_view method, std::string_view path, std::string_view body,
            std::string_view fields = "") {
    std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: sim\r\n" +
                       std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                       std::string(body);
    ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  Response receive() {
    Response response;
    std::string bytes;
    char buffer[65536];
    while (true) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n < 0) response.ending = Ending::kReset;
      if (n == 0) response.ending = bytes.empty() ? Ending::kNothing : Ending::kCut;
      if (n > 0) {
        ++response.reads;
        bytes.append(buffer, static_cast<std::size_t>(n));
      }
      if (take(bytes, n == 0, response)) response.ending = Ending::kWhole;
      if (n <= 0 || response.ending == Ending::kWhole) return response;
    }
  }

  /// Whether something arrives (or the connection ends) within `wait`.
  bool hears(milliseconds wait) {
    pollfd descriptor{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&descriptor, 1, static_cast<int>(wait.count())) > 0;
  }

 private:
  // Takes head and body out of all the bytes so far. True where the body is whole.
  static bool take(std::string_view bytes, bool closed, Response& response) {
    http::HeadProgress progress;
    const auto head = std::make_unique<http::ResponseHead>();
    const auto size = http::parse_response_head(bytes, {}, progress, *head);
    if (!size || *size == 0) return false;
    response.status = head->status;
    response.head = bytes.substr(0, *size);
    response.body.clear();
    const auto framing = http::response_framing(*head, http::AnswerTo::kOther);
    if (!framing) return false;
    http::BodyDecoder decoder(*framing);
    bytes.remove_prefix(*size);
    while (!decoder.done()) {
      const auto step = decoder.next(bytes);
      if (!step || step->consumed == 0) break;
      response.body.append(step->content);
      bytes.remove_prefix(step->consumed);
    }
    return decoder.done() || (closed && decoder.on_end_of_stream().has_value());
  }

  const int fd_;
};

class SimulatorTest : public testing::Test {
 protected:
  ~SimulatorTest() override { stop(); }

  void start() {
    options.ips = {"127.0.0.1"};
    simulator.emplace(options);
    const auto started = simulator->start();
    ASSERT_TRUE(started.has_value()) << started.error().text();
    thread = std::thread([this] { simulator->run(); });
  }
  void stop() {
    if (!thread.joinable()) return;
    simulator->stop();
    thread.join();
  }

  Response call(std::string_view body, std::string_view fields = "", std::string_view method = "POST",
                std::string_view path = "/v1/chat/completions") {
    if (!simulator) start();
    Client client(simulator->port());
    client.send(method, path, body, fields);
    return client.receive();
  }
  std::string journal(std::string_view query = "") {
    return call("", "", "GET", "/sim/calls" + std::string(query)).body;
  }

  SimulatorOptions options;
  std::optional<Simulator> simulator;
  std::thread thread;
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::string without_created(std::string text) {
  const std::size_t at = text.find("\"created\":");
  return at == text.npos ? text : text.erase(at, 21);
}

TEST_F(SimulatorTest, AnswersAChatWithTheProvidersHeaders) {
  const Response response = call(kChat);
  EXPECT_EQ(response.ending, Ending::kWhole);
  EXPECT_EQ(response.status, 200);
  for (const char* field : {"content-type: application/json\r\n", "x-request-id: req_",
                            "openai-processing-ms: ", "x-ratelimit-remaining-tokens: ", "content-length: "})
    EXPECT_TRUE(has(response.head, field)) << response.head;
  EXPECT_TRUE(has(response.body, R"("object":"chat.completion")"));
}

TEST_F(SimulatorTest, OneConnectionCarriesManyCalls) {
  start();
  Client client(simulator->port());
  for (int i = 0; i < 20; ++i) {
    client.send("POST", "/chat/completions", i % 2 == 0 ? kChat : kStream);
    const Response response = client.receive();
    EXPECT_EQ(response.ending, Ending::kWhole);
    EXPECT_EQ(has(response.body, "data: [DONE]\n\n"), i % 2 == 1);
  }
}

TEST_F(SimulatorTest, AStreamIsChunkedEvents) {
  const Response response = call(kStream, "x-sim-tokens: 7\r\n");
  EXPECT_EQ(response.ending, Ending::kWhole);
  EXPECT_TRUE(has(response.head, "content-type: text/event-stream"));
  EXPECT_TRUE(has(response.head, "transfer-encoding: chunked"));
  EXPECT_EQ(count(response.body, "data: "), 7u + 3);
}

TEST_F(SimulatorTest, TheSameSeedAnswersTheSameCallsAlike) {
  std::string bodies[3];
  for (int run = 0; run < 3; ++run) {
    options.seed = run < 2 ? 11 : 12;
    start();
    for (int i = 0; i < 5; ++i)
      bodies[run] += without_created(call(kChat, "x-sim-error-fraction: 0.4\r\n").body);
    stop();
  }
  EXPECT_EQ(bodies[0], bodies[1]);
  EXPECT_NE(bodies[0], bodies[2]);
}

TEST_F(SimulatorTest, ACallCanBeAnsweredAsAnotherOne) {
  start();
  const std::string first = without_created(call(kChat).body);
  EXPECT_NE(without_created(call(kChat).body), first);
  EXPECT_EQ(without_created(call(kChat, "x-sim-as-call: 0\r\n").body), first);
}

TEST_F(SimulatorTest, ModelsAndUnknownPaths) {
  EXPECT_TRUE(has(call("", "", "GET", "/v1/models").body, R"("object":"list")"));
  EXPECT_TRUE(has(call("", "", "GET", "/models/ft:a/b").body, R"({"id":"ft:a/b","object":"model")"));
  const Response unknown = call("{}", "", "POST", "/v1/nope");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_TRUE(has(unknown.body,
                  R"x({"error":{"message":"Invalid URL (POST /v1/nope)","type":"invalid_request_error")x"));
  EXPECT_EQ(call("", "", "GET").status, 405);
}

TEST_F(SimulatorTest, ErrorsComeInTheProvidersShape) {
  const Response limited = call(kStream, "X-Sim-Status: 429\r\n");
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(has(limited.head, "retry-after: 1\r\n"));
  EXPECT_TRUE(has(limited.body, R"("code":"rate_limit_exceeded"}})"));
  EXPECT_EQ(call(kChat, "x-sim-status: 500\r\n").status, 500);
  EXPECT_TRUE(has(call("{\"x").body, R"("type":"invalid_request_error","param":null,"code":null}})"));
  EXPECT_GE(call(kChat, "x-sim-error-fraction: 1\r\n").status, 429);
  EXPECT_EQ(call(kChat, "x-sim-error-fraction: 0\r\n").status, 200);
}

TEST_F(SimulatorTest, AMisspeltControlIsAnError) {
  const Response unknown = call(kChat, "x-sim-tokns: 5\r\n");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_TRUE(has(unknown.body, "x-sim-tokns"));
  EXPECT_EQ(call(kChat, "x-sim-tokens: five\r\n").status, 400);
  EXPECT_EQ(call(kChat, "x-sim-tokens: -5\r\n").status, 400);
  EXPECT_EQ(call(kChat, "x-sim-status: 99\r\n").status, 400);
}

TEST_F(SimulatorTest, OptionsAreTheDefaultsOfFields) {
  ASSERT_TRUE(set_control(options.behaviour, "tokens", "4"));
  EXPECT_EQ(count(call(kStream).body, "data: "), 4u + 3);
  EXPECT_EQ(count(call(kStream, "x-sim-tokens: 6\r\n").body, "data: "), 6u + 3);
}

TEST_F(SimulatorTest, TokensKeepTheirPace) {
  const auto begin = base::monotonic_now();
  const Response response =
      call(kStream,
           "x-sim-tokens: 10\r\nx-sim-token-interval-ms: 5\r\nx-sim-ttft-ms: 30\r\nx-sim-latency-ms: 20\r\n");
  const auto took = base::monotonic_now() - begin;
  EXPECT_EQ(count(response.body, "data: "), 13u);
  EXPECT_GE(took, milliseconds(20 + 30 + 9 * 5));
  EXPECT_LT(took, std::chrono::seconds(20));
  EXPECT_GE(response.reads, 3u);
}

TEST_F(SimulatorTest, CutsAndResetsComeWhereTheyAreAskedFor) {
  const Response cut = call(kStream, "x-sim-cut-after: 3\r\n");
  EXPECT_EQ(cut.ending, Ending::kCut);
  EXPECT_EQ(count(cut.body, "data: "), 3u);
  EXPECT_TRUE(cut.body.ends_with("\n\n"));
  const Response at_once = call(kStream, "x-sim-cut-after: 0\r\n");
  EXPECT_EQ(at_once.status, 200);
  EXPECT_EQ(at_once.body, "");
  EXPECT_EQ(at_once.ending, Ending::kCut);
  // After the last event only the end of the framing is missing.
  const Response last = call(kStream, "x-sim-tokens: 2\r\nx-sim-cut-after: 5\r\n");
  EXPECT_EQ(last.ending, Ending::kCut);
  EXPECT_TRUE(last.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(call(kStream, "x-sim-tokens: 2\r\nx-sim-cut-after: 6\r\n").ending, Ending::kWhole);
  const Response json = call(kChat, "x-sim-cut-after: 100\r\n");
  EXPECT_EQ(json.ending, Ending::kCut);
  EXPECT_EQ(json.body.size(), 100u);
  const Response reset = call(kStream, "x-sim-reset-after: 3\r\n");
  EXPECT_EQ(reset.ending, Ending::kReset);
}

TEST_F(SimulatorTest, APositionCanBeInTheMiddleOfAnEvent) {
  const Response cut = call(kStream, "x-sim-count: bytes\r\nx-sim-cut-after: 1000\r\n");
  EXPECT_EQ(cut.ending, Ending::kCut);
  EXPECT_EQ(cut.body.size(), 1000u);
  EXPECT_FALSE(cut.body.ends_with("\n\n"));
}

TEST_F(SimulatorTest, AStreamCanEndWithoutItsLastEvents) {
  const Response ended = call(kStream, "x-sim-end-after: 3\r\nx-sim-id: ended\r\n");
  EXPECT_EQ(ended.ending, Ending::kWhole);
  EXPECT_EQ(count(ended.body, "data: "), 3u);
  EXPECT_FALSE(has(ended.body, "[DONE]"));
  EXPECT_TRUE(has(journal("?id=ended"), R"("whole":false)"));
}

TEST_F(SimulatorTest, AStallHoldsWhatComesAfter) {
  start();
  for (const auto body : {kStream, kChat}) {
    Client client(simulator->port());
    const auto begin = base::monotonic_now();
    client.send("POST", "/v1/chat/completions", body, "x-sim-stall-ms: 150\r\nx-sim-stall-after: 5\r\n");
    ASSERT_TRUE(client.hears(milliseconds(5000)));
    EXPECT_EQ(client.receive().ending, Ending::kWhole);
    EXPECT_GE(base::monotonic_now() - begin, milliseconds(150));
  }
  Client both(simulator->port());
  both.send("POST", "/v1/chat/completions", kStream,
            "x-sim-stall-ms: 20\r\nx-sim-stall-after: 2\r\nx-sim-cut-after: 2\r\n");
  const Response cut = both.receive();
  EXPECT_EQ(cut.ending, Ending::kCut);
  EXPECT_EQ(count(cut.body, "data: "), 2u);
}

TEST_F(SimulatorTest, DribblingSendsTheSameBytes) {
  const Response response = call(kStream, "x-sim-tokens: 1\r\nx-sim-dribble: 40\r\n");
  EXPECT_EQ(response.ending, Ending::kWhole);
  EXPECT_EQ(count(response.body, "data: "), 4u);
  EXPECT_GT(response.reads, 5u);
}

TEST_F(SimulatorTest, SaysNothingClosesOrTalksNonsense) {
  EXPECT_EQ(call(kChat, "x-sim-close: 1\r\n").ending, Ending::kNothing);
  const Response garbage = call(kChat, "x-sim-garbage: 1\r\n");
  EXPECT_EQ(garbage.ending, Ending::kCut);
  EXPECT_EQ(garbage.status, 0);
  Client client(simulator->port());
  client.send("POST", "/v1/chat/completions", kChat, "x-sim-no-answer: 1\r\nx-sim-id: silent\r\n");
  EXPECT_FALSE(client.hears(milliseconds(100)));
  EXPECT_TRUE(has(journal("?id=silent"), "\"ended_ms\":null"));
}

TEST_F(SimulatorTest, LiesAboutItsLength) {
  const Response more = call(kChat, "x-sim-bad-length: 10\r\n");
  EXPECT_EQ(more.ending, Ending::kCut);
  EXPECT_TRUE(more.body.ends_with("}\n"));
  const Response less = call(kChat, "x-sim-bad-length: -10\r\n");
  EXPECT_EQ(less.ending, Ending::kWhole);
  EXPECT_FALSE(less.body.ends_with("}\n"));
}

TEST_F(SimulatorTest, TheJournalTellsWhatWasAsked) {
  call(kChat, "Authorization: Bearer sk-secret-abcdef\r\nX-Sim-Id: one\r\n");
  call("{\"x", "x-sim-id: two\r\n");
  const std::string one = journal("?id=one");
  EXPECT_TRUE(has(one, R"("authorization":"Bearer ...cdef")")) << one;
  EXPECT_FALSE(has(one, "secret"));
  EXPECT_TRUE(has(one, R"("method":"POST","path":"/v1/chat/completions","status":200,"stream":false)"));
  EXPECT_TRUE(has(one, R"("body":"{\"model\":\"gpt-4o\",\"messages\":[]}")"));
  EXPECT_TRUE(has(journal("?id=two"), R"("status":400)"));
  EXPECT_EQ(count(journal(), "\"sequence\":"), 2u);
  call("", "", "DELETE", "/sim/calls");
  EXPECT_EQ(journal(), "[]\n");
}

TEST_F(SimulatorTest, TheJournalsFileHasEachCall) {
  const fs::path file = fs::path(testing::TempDir()) / ("journal-" + std::to_string(::getpid()));
  options.journal_file = file;
  options.journal_calls_max = 1;
  call(kChat, "x-sim-id: one\r\ntraceparent: 00-a-b-01\r\n");
  call(kStream, "x-sim-id: two\r\nx-sim-cut-after: 3\r\n");
  stop();
  simulator.reset();
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  fs::remove(file);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(has(lines[0], R"("id":"one")") && has(lines[0], R"("whole":true)")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(R"(,"traceparent":"00-a-b-01"})")) << lines[0];
  EXPECT_TRUE(has(lines[1], R"("events_sent":3)") && has(lines[1], R"("whole":false)")) << lines[1];
}

TEST_F(SimulatorTest, TheJournalIsBoundedAndCanBeOff) {
  options.journal_calls_max = 3;
  for (int i = 0; i < 5; ++i) call(kChat, "x-sim-id: " + std::to_string(i) + "\r\n");
  EXPECT_EQ(count(journal(), "\"sequence\":"), 3u);
  EXPECT_EQ(journal("?id=1"), "[]\n");
  stop();
  simulator.reset();
  options.journal_calls_max = 0;
  call(kChat);
  EXPECT_EQ(journal(), "[]\n");
}

TEST_F(SimulatorTest, TheJournalNotesAClientThatLeft) {
  start();
  {
    Client client(simulator->port());
    client.send("POST", "/v1/chat/completions", kStream,
                "x-sim-id: gone\r\nx-sim-tokens: 100000\r\nx-sim-token-interval-ms: 2\r\n");
    ASSERT_TRUE(client.hears(milliseconds(5000)));
  }
  const auto deadline = base::monotonic_now() + std::chrono::seconds(20);
  std::string entry;
  do entry = journal("?id=gone");
  while (has(entry, "\"ended_ms\":null") && base::monotonic_now() < deadline);
  EXPECT_TRUE(has(entry, "\"client_closed\":true")) << entry;
}

TEST_F(SimulatorTest, StopsWhileCallsAreInFlight) {
  start();
  Client silent(simulator->port());
  silent.send("POST", "/v1/chat/completions", kChat, "x-sim-no-answer: 1\r\n");
  Client slow(simulator->port());
  slow.send("POST", "/v1/chat/completions", kStream,
            "x-sim-tokens: 100000\r\nx-sim-token-interval-ms: 50\r\n");
  ASSERT_TRUE(slow.hears(milliseconds(5000)));
  Client idle(simulator->port());
  stop();
  EXPECT_EQ(slow.receive().ending, Ending::kCut);
}

TEST_F(SimulatorTest, WritesThePortsFile) {
  const fs::path file = fs::temp_directory_path() / ("archestra-ports-" + std::to_string(getpid()));
  options.ports_file = file;
  start();
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "{\"simulator\": " + std::to_string(simulator->port()) + "}\n");
  fs::remove(file);
}

TEST_F(SimulatorTest, StartSaysWhatIsWrong) {
  options.replay_dir = "/nonexistent/recordings";
  EXPECT_FALSE(Simulator(options).start().has_value());
  options.replay_dir.clear();
  options.ips = {"not an address"};
  EXPECT_FALSE(Simulator(options).start().has_value());
  options.ips = {"127.0.0.1"};
  options.ports_file = "/nonexistent/ports.json";
  EXPECT_FALSE(Simulator(options).start().has_value());
}

// What is asked for by x-sim-* is the same in every dialect: how a stream of it is asked for, and words of
// its errors.
struct Spoken {
  const char* path;
  std::string_view stream;
  std::string_view error;
};
constexpr Spoken kSpoken[] = {
    {"/v1/chat/completions", kStream, R"("param":null)"},
    {"/v1/responses", R"({"model":"gpt-5","input":"x","stream":true})", R"("param":null)"},
    {"/v1/completions", R"({"model":"davinci-002","prompt":"x","stream":true})", R"("param":null)"},
    {"/v1/messages", R"({"model":"claude-haiku-4-5","max_tokens":9,"messages":[],"stream":true})",
     R"({"type":"error","error":{"type":)"},
    {"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", R"({"contents":[{}]})",
     R"("status":")"},
    {"/v1beta/models/gemini-2.5-flash:streamGenerateContent", R"({"contents":[{}]})", R"("status":")"},
};

class EveryDialectTest : public SimulatorTest, public testing::WithParamInterface<Spoken> {
 protected:
  Response stream(std::string_view fields) {
    return call(GetParam().stream, fields, "POST", GetParam().path);
  }
};
INSTANTIATE_TEST_SUITE_P(All, EveryDialectTest, testing::ValuesIn(kSpoken));

TEST_P(EveryDialectTest, FailsAsItIsAskedTo) {
  const Response whole = stream("x-sim-tokens: 5\r\nx-sim-id: whole\r\n");
  ASSERT_EQ(whole.ending, Ending::kWhole);
  EXPECT_TRUE(has(whole.head, "transfer-encoding: chunked"));
  const Response cut = stream("x-sim-tokens: 5\r\nx-sim-cut-after: 3\r\nx-sim-id: cut\r\n");
  EXPECT_EQ(cut.ending, Ending::kCut);
  EXPECT_FALSE(cut.body.empty());
  EXPECT_LT(cut.body.size(), whole.body.size());
  EXPECT_TRUE(has(journal("?id=cut"), R"("stream":true,"events_sent":3)")) << journal("?id=cut");
  EXPECT_EQ(stream("x-sim-reset-after: 2\r\n").ending, Ending::kReset);
  EXPECT_EQ(stream("x-sim-close: 1\r\n").ending, Ending::kNothing);
  const Response broken = stream("x-sim-error-event: 2\r\n");
  EXPECT_EQ(broken.ending, Ending::kWhole);
  EXPECT_TRUE(has(broken.body, "\"error\"")) << broken.body;
  const auto begin = base::monotonic_now();
  EXPECT_EQ(stream("x-sim-tokens: 5\r\nx-sim-token-interval-ms: 10\r\nx-sim-ttft-ms: 20\r\n").ending,
            Ending::kWhole);
  EXPECT_GE(base::monotonic_now() - begin, milliseconds(20 + 4 * 10));
}

/// The list of numbers that a member of the journal's only entry has.
std::vector<long> times_in(const std::string& journal, std::string_view member) {
  std::vector<long> times;
  std::size_t at = journal.find("\"" + std::string(member) + "\":[");
  if (at == std::string::npos) return times;
  at = journal.find('[', at);
  while (journal[at] != ']') {
    ++at;
    if (journal[at] == ']') break;
    times.push_back(std::stol(journal.substr(at)));
    at = journal.find_first_of(",]", at);
  }
  return times;
}

TEST_P(EveryDialectTest, TellsWhenItSentWhat) {
  stream("x-sim-tokens: 4\r\nx-sim-token-interval-ms: 10\r\nx-sim-ttft-ms: 20\r\nx-sim-id: paced\r\n");
  const std::string told = journal("?id=paced");
  const std::vector<long> sent = times_in(told, "sent_us");
  const std::vector<long> tokens = times_in(told, "tokens_sent_us");
  ASSERT_EQ(tokens.size(), 4u) << told;
  EXPECT_GT(sent.size(), 4u);
  EXPECT_TRUE(std::ranges::is_sorted(sent));
  EXPECT_TRUE(std::ranges::includes(sent, tokens));
  EXPECT_GE(tokens.front(), 20'000);
  EXPECT_GE(tokens.back(), 20'000 + 3 * 10'000);
}

TEST_P(EveryDialectTest, RefusesInItsProvidersShape) {
  for (const char* fields : {"x-sim-status: 429\r\n", "x-sim-status: 500\r\n", "x-sim-error-fraction: 1\r\n",
                             "x-sim-misspelt: 1\r\n", "x-sim-replay: none/none\r\n"}) {
    const Response refused = stream(fields);
    EXPECT_GE(refused.status, 400);
    EXPECT_TRUE(has(refused.body, GetParam().error)) << refused.body;
    EXPECT_TRUE(has(refused.head, "content-length: "));
  }
}

TEST_P(EveryDialectTest, TellsTheJournalItsFigures) {
  stream("x-sim-tokens: 5\r\nx-sim-id: told\r\n");
  const bool only_if_asked = has(GetParam().path, "completions");
  EXPECT_TRUE(has(journal("?id=told"), only_if_asked ? R"("usage":null)" : R"("output_tokens":5)"))
      << journal("?id=told");
  stream("x-sim-usage: none\r\nx-sim-id: hidden\r\n");
  EXPECT_TRUE(has(journal("?id=hidden"), R"("usage":null)"));
}

TEST_P(EveryDialectTest, ReplaysARecordingOnItsPath) {
  const fs::path folder = fs::temp_directory_path() / ("archestra-dialects-" + std::to_string(getpid()));
  fs::create_directories(folder / "gemini/array");
  std::ofstream(folder / "gemini/array/meta.json")
      << R"({"status":200,"stream":true,"response_file":"response.json"})";
  const std::string body = "[{\"a\":1}\n,\r\n{}\n]";
  std::ofstream(folder / "gemini/array/response.json") << body;
  options.replay_dir = folder;
  const Response replayed = stream("x-sim-replay: gemini/array\r\nx-sim-chunks: random:1\r\n");
  EXPECT_EQ(replayed.body, body);
  EXPECT_TRUE(has(replayed.head, "transfer-encoding: chunked"));
  EXPECT_TRUE(has(replayed.head, "content-type: application/json"));
  fs::remove_all(folder);
}

TEST_F(SimulatorTest, FieldsTellWhoseModelsAreAskedFor) {
  EXPECT_TRUE(has(call("", "", "GET", "/v1/models").body, R"("object":"list")"));
  EXPECT_TRUE(
      has(call("", "anthropic-version: 2023-06-01\r\n", "GET", "/v1/models").body, R"("type":"model")"));
  EXPECT_TRUE(has(call("", "x-goog-api-key: k\r\n", "GET", "/v1/models").body, R"("name":"models/)"));
}

// Every recording, in every cut and framing, is what the file holds.
TEST_F(SimulatorTest, RecordingsComeBackByteForByte) {
  const fs::path folder = fs::path(ARCHESTRA_SOURCE_DIR) / "../shared/recordings";
  if (!fs::exists(folder)) GTEST_SKIP() << "no recordings beside the checkout";
  options.replay_dir = folder;
  options.journal_calls_max = 0;
  start();
  int replayed = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string file = entry.path().filename();
    if (file != "response.json" && file != "response.sse") continue;
    std::ostringstream expected;
    expected << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string name = fs::relative(entry.path().parent_path(), folder);
    for (const char* how : {"whole", "byte", "random:3\r\nx-sim-framing: chunked",
                            "random:4\r\nx-sim-framing: length", "random:5\r\nx-sim-framing: close"}) {
      const Response response =
          call(kChat, "x-sim-replay: " + name + "\r\nx-sim-chunks: " + std::string(how) + "\r\n");
      EXPECT_EQ(response.ending, Ending::kWhole) << name << ' ' << how;
      EXPECT_EQ(response.body == expected.str(), true) << name << ' ' << how;
    }
    ++replayed;
  }
  EXPECT_GT(replayed, 10);
  EXPECT_EQ(call(kChat, "x-sim-replay: openai/none\r\n").status, 404);
}

}  // namespace
}  // namespace archestra::simulator
