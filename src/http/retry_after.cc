#include "http/retry_after.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string>

namespace archestra::http {
namespace {

using std::chrono::seconds;

// More seconds than this would not fit into a Duration.
constexpr seconds kLongest{std::numeric_limits<std::uint32_t>::max()};

std::optional<seconds> parse_delta(std::string_view text) {
  std::uint32_t count = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (stopped != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc::result_out_of_range ? kLongest : seconds(count);
}

std::optional<seconds> parse_date(std::string_view text) {
  std::tm utc{};
  const std::string copy(text);
  const char* const end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return seconds(timegm(&utc));
}

}  // namespace

std::optional<base::Duration> parse_retry_after(std::string_view value, base::WallTime now) {
  if (const auto delta = parse_delta(value)) return *delta;
  const auto date = parse_date(value);
  if (!date) return std::nullopt;
  // A date of some hundred years on, or back, is no WallTime.
  const auto now_seconds = std::chrono::floor<seconds>(now).time_since_epoch();
  if (*date <= now_seconds) return base::Duration::zero();
  if (*date - now_seconds >= kLongest) return kLongest;
  return *date - now.time_since_epoch();
}

}  // namespace archestra::http
