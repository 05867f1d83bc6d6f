// What a request asks of the model beside its content, in the words all dialects share (OpenTelemetry's
// gen_ai.request.*). A value that owns its texts; providers fill it, spans show it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::call {

/// In which form the answer is wanted. Of several the later one in this list tells more.
enum class OutputType : std::uint8_t { kUnsaid, kText, kJson, kImage, kSpeech };

/// gen_ai.output.type; "" for kUnsaid.
constexpr std::string_view name_of(OutputType type) {
  switch (type) {
    case OutputType::kText:
      return "text";
    case OutputType::kJson:
      return "json";
    case OutputType::kImage:
      return "image";
    case OutputType::kSpeech:
      return "speech";
    case OutputType::kUnsaid:
      break;
  }
  return "";
}

/// Nothing where the request does not say it, or not by a number of that kind. Copied as bytes.
struct RequestNumbers {
  std::optional<std::int64_t> max_tokens = {};  ///< of the output
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::optional<double> top_k = {};
  std::optional<double> frequency_penalty = {};
  std::optional<double> presence_penalty = {};
  std::optional<std::int64_t> seed = {};
  std::optional<std::int64_t> choice_count = {};
  std::optional<std::int64_t> dimension_count = {};  ///< of embeddings

  bool operator==(const RequestNumbers&) const = default;
};

/// More than this of one request is not kept.
inline constexpr std::size_t kStopSequencesMax = 16;
/// Of each text; may cut it inside a character.
inline constexpr std::size_t kRequestTextBytesMax = 256;

struct RequestParameters {
  RequestNumbers numbers = {};
  OutputType output_type = OutputType::kUnsaid;
  std::vector<std::string> stop_sequences = {};
  std::string encoding_format = {};  ///< of embeddings
  std::string service_tier = {};     ///< in OpenAI's sense

  bool operator==(const RequestParameters&) const = default;
};

}  // namespace archestra::call
