#include "telemetry/log/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <utility>

#include "base/this_thread.h"

namespace archestra::telemetry {
namespace {

// How long a wait for the descriptor lasts before the thread looks whether it is to stop.
constexpr int kPollMilliseconds = 50;

/// A pipe, a terminal or a socket that poll(2) calls writable takes PIPE_BUF bytes without blocking; a
/// file takes all. The descriptor is shared with others, so it cannot be made non-blocking.
std::size_t piece_bytes_for(int descriptor) {
  struct stat status{};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return std::size_t{1} << 20;
  return PIPE_BUF;
}

// A closed pipe shall be an error of write(2) here, not the end of the process.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

LogWriter::LogWriter(int descriptor, std::size_t queued_bytes_max)
    : descriptor_(descriptor),
      piece_bytes_max_(piece_bytes_for(descriptor)),
      queued_bytes_max_(queued_bytes_max),
      thread_([this] { run(); }) {}

LogWriter::~LogWriter() { stop(base::Duration::zero()); }

bool LogWriter::try_push(std::string& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_by_ != base::kNever || queued_bytes_ + batch.size() > queued_bytes_max_) return false;
    queued_bytes_ += batch.size();
    queue_.push_back(std::exchange(batch, {}));
  }
  changed_.notify_one();
  return true;
}

std::size_t LogWriter::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return queued_bytes_;
}

void LogWriter::stop(base::Duration limit) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_by_ = base::monotonic_now() + limit;
  }
  changed_.notify_one();
  thread_.join();
}

void LogWriter::run() {
  base::name_this_thread("log");
  block_sigpipe();
  std::string batch;
  while (take(batch)) {
    // What is left of a line, on a disk that became full in its middle, is not to spoil the next one.
    if (is_mid_line_ && write_all("\n").empty()) is_mid_line_ = false;
    const std::string_view lost = is_mid_line_ ? std::string_view(batch) : write_all(batch);
    lost_lines_.add(static_cast<std::uint64_t>(std::ranges::count(lost, '\n')));
    if (lost.size() < batch.size() && !lost.empty()) is_mid_line_ = lost.data()[-1] != '\n';
    const std::lock_guard lock(mutex_);
    queued_bytes_ -= batch.size();
  }
}

bool LogWriter::take(std::string& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !queue_.empty() || stop_by_ != base::kNever; });
  if (queue_.empty()) return false;
  batch = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

std::string_view LogWriter::write_all(std::string_view text) {
  while (!text.empty()) {
    if (is_out_of_time() || !wait_until_writable()) return text;
    const ssize_t n = ::write(descriptor_, text.data(), std::min(text.size(), piece_bytes_max_));
    if (n < 0 && errno != EAGAIN && errno != EINTR) return text;
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
  return text;
}

bool LogWriter::wait_until_writable() {
  while (true) {
    pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
    const int n = ::poll(&ready, 1, kPollMilliseconds);
    if (n > 0) return (ready.revents & POLLOUT) != 0;
    if (n < 0 && errno != EINTR) return false;
    if (is_out_of_time()) return false;
  }
}

bool LogWriter::is_out_of_time() {
  const std::lock_guard lock(mutex_);
  return stop_by_ != base::kNever && base::monotonic_now() >= stop_by_;
}

}  // namespace archestra::telemetry
