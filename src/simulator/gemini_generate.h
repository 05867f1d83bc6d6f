// Answers to generateContent and streamGenerateContent as Gemini writes them: one object, or chunks as
// server-sent events or as the members of one JSON array. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/body_source.h"
#include "simulator/request_json.h"

namespace archestra::simulator {

struct GenerateAnswer : Answer {
  std::string id;  ///< of the response
};

enum class ChunkForm : std::uint8_t { kEvents, kArray };

/// `model` is what the path names.
ReadRequest<Asked> read_generate(BodyParser& parser, std::string_view body, std::string_view model);

GenerateAnswer make_generate_answer(const Asked& asked, const DialectRequest& request);

/// The answer as one object of at least about `bytes` bytes.
std::string generate_json(const GenerateAnswer& answer, const Prose& prose, std::size_t bytes);
/// The answer in chunks. `prose` outlives it.
std::unique_ptr<BodySource> generate_stream(GenerateAnswer answer, const Prose& prose, ChunkForm form);

}  // namespace archestra::simulator
