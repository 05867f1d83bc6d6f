// How a call is written in each provider's dialect: path, credentials, body. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace archestra::traffic {

enum class Dialect : std::uint8_t { kOpenAi, kAnthropic, kGemini };
inline constexpr std::size_t kDialects = 3;

/// As the gateway's paths have it: "openai".
std::string_view name_of(Dialect dialect);
std::optional<Dialect> dialect_named(std::string_view name);

/// Tools that calls declare.
inline constexpr std::string_view kLookUpTool = "find_customer";
inline constexpr std::string_view kMailTool = "send_email";

/// What a call shall be, whatever its dialect.
struct Question {
  std::string text;
  bool stream = false;
  std::string_view tool;     ///< that the model may call, "" for none
  bool wants_usage = false;  ///< in a stream; only OpenAI's clients have to say so
};

struct DialectCall {
  std::string path;    ///< below what the gateway has for the provider, query included
  std::string fields;  ///< header lines with CRLF: credentials
  std::string body;    ///< JSON
};

/// A call of one of the provider's models.
DialectCall write_call(Dialect dialect, const Question& question, base::Random& random);

/// Whether an event of a stream brings something that the model says.
bool carries_content(Dialect dialect, std::string_view event);

}  // namespace archestra::traffic
