#include "base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <iterator>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/logfmt.h"

namespace archestra::base {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kJson};
std::atomic<std::int64_t> g_lines_lost{0};
std::atomic<bool> g_is_mid_line{false};  // a disk became full in the middle of the last line

constexpr std::size_t kRoomForLost = 64;
constexpr std::size_t kTextBytesMax = 256;  // so that a line fits, escaped or not

// At most so much of it, never half a character (RFC 3629).
std::string_view beginning_of(std::string_view text) {
  if (text.size() <= kTextBytesMax) return text;
  std::size_t size = kTextBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

// A pipe that poll(2) calls writable takes PIPE_BUF bytes without blocking. Stderr is shared with others, so
// it cannot be made non-blocking.
bool has_room() {
  pollfd stderr_now{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&stderr_now, 1, 0) == 1 && (stderr_now.revents & POLLOUT) != 0;
}

void append_text(std::string& line, LogFormat format, std::string_view text) {
  format == LogFormat::kJson ? append_json_string(line, text) : append_logfmt_text(line, text);
}

void append_field(std::string& line, LogFormat format, const LogField& field) {
  if (format == LogFormat::kJson) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
  } else {
    line += ' ';
    append_logfmt_key(line, field.key);
    line += '=';
  }
  if (const auto* text = std::get_if<std::string_view>(&field.value))
    append_text(line, format, beginning_of(*text));
  else if (const auto* integer = std::get_if<std::int64_t>(&field.value))
    fmt::format_to(std::back_inserter(line), "{}", *integer);
  else
    fmt::format_to(std::back_inserter(line), "{}", std::get<double>(field.value));
}

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "unknown";
}

bool parse_log_level(std::string_view text, LogLevel& level) {
  for (LogLevel candidate :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError, LogLevel::kOff}) {
    if (text == name_of(candidate)) {
      level = candidate;
      return true;
    }
  }
  return false;
}

void set_log_level(LogLevel level) { g_level.store(level, std::memory_order_relaxed); }
LogLevel log_level() { return g_level.load(std::memory_order_relaxed); }

void set_log_format(LogFormat format) { g_format.store(format, std::memory_order_relaxed); }

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < log_level()) return;
  const LogFormat format = g_format.load(std::memory_order_relaxed);
  const bool is_json = format == LogFormat::kJson;
  std::string line = is_json ? "{\"time\":\"" : "time=";
  append_iso_time(line, wall_now());
  line += is_json ? "\",\"level\":\"" : " level=";
  line += name_of(level);
  line += is_json ? "\",\"message\":" : " message=";
  append_text(line, format, message);
  for (const LogField& field : fields) append_field(line, format, field);
  if (!has_room() || line.size() > PIPE_BUF - kRoomForLost) {
    g_lines_lost.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::int64_t lost = g_lines_lost.exchange(0, std::memory_order_relaxed);
  if (lost > 0) append_field(line, format, {"lines_lost", lost});
  line += is_json ? "}\n" : "\n";
  if (g_is_mid_line.exchange(false, std::memory_order_relaxed)) line.insert(0, 1, '\n');
  // A log that cannot be written has nowhere to complain but in the next line that it takes.
  const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  if (std::cmp_equal(written, line.size())) return;
  g_lines_lost.fetch_add(lost + 1, std::memory_order_relaxed);
  if (written > 0 || line.front() == '\n') g_is_mid_line.store(true, std::memory_order_relaxed);
}

}  // namespace archestra::base
