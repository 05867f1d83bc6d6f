// The process's own log: one line each, JSON or text (base/logfmt.h), on stderr (start, stop, warnings).
// Calls are logged by telemetry/log. Any thread; each line is one write(2). Texts are cut at 256 bytes. Does
// not wait for a reader: a line that stderr has no room for is lost, and the next one that it takes says how
// many were ("lines_lost"). Takes no secret types, by construction: values are text or numbers that the
// caller spelled out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>

namespace archestra::base {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

std::string_view name_of(LogLevel level);
bool parse_log_level(std::string_view text, LogLevel& level);

/// How lines are written, here and in the log of calls.
enum class LogFormat : std::uint8_t { kJson, kText };

struct LogField {
  template <class T>
  LogField(std::string_view k, T v) : key(k) {
    if constexpr (std::is_integral_v<T>)
      value = static_cast<std::int64_t>(v);
    else if constexpr (std::is_floating_point_v<T>)
      value = static_cast<double>(v);
    else
      value = std::string_view(v);
  }
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double> value;
};

/// Lines below this level are not written. Atomic; any thread.
void set_log_level(LogLevel level);
LogLevel log_level();
/// Before other threads log.
void set_log_format(LogFormat format);

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace archestra::base
