// Foreign text on its way into telemetry: cut at named limits and made valid UTF-8, because one bad
// byte lets a collector or Prometheus refuse everything that was sent with it. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace archestra::telemetry {

// Limits in bytes; longer texts are cut.
inline constexpr std::size_t kModelBytesMax = 256;
inline constexpr std::size_t kPathBytesMax = 1024;
inline constexpr std::size_t kTracestateBytesMax = 512;    ///< W3C Trace Context asks for at least this
inline constexpr std::size_t kNameBytesMax = 256;          ///< addresses, routes, user agents
inline constexpr std::size_t kIdBytesMax = 128;            ///< response ids, error types, finish reasons
inline constexpr std::size_t kReasonBytesMax = 512;        ///< why a tool call was blocked
inline constexpr std::size_t kRequestLabelBytesMax = 256;  ///< what clients say of sessions, runs, users
// What users say of agents is never cut: these are the most bytes of UTF-8 that the rules of the platform API
// let through, 255 characters for a name, 63 and 255 for a label.
inline constexpr std::size_t kAgentNameBytesMax = 1020;
inline constexpr std::size_t kLabelKeyBytesMax = 252;
inline constexpr std::size_t kLabelValueBytesMax = 1020;

/// The start of `text`, at most `bytes_max` long, not ending inside a UTF-8 sequence.
inline std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) [[likely]]
    return text;
  std::size_t end = bytes_max;
  // A sequence has at most three continuation bytes; more of them is not UTF-8 anyway.
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++i) --end;
  return text.substr(0, end);
}

/// `text` itself where it is valid UTF-8, else a copy in `scratch` with U+FFFD for each bad byte.
/// The result lives as long as the shorter-lived of the two.
std::string_view as_valid_utf8(std::string_view text, std::string& scratch);

}  // namespace archestra::telemetry
