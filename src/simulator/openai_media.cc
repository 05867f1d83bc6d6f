#include "simulator/openai_media.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/multipart.h"
#include "simulator/openai_reply.h"
#include "simulator/vectors.h"

namespace archestra::simulator {
namespace {

// A PNG of one transparent pixel.
constexpr std::string_view kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
constexpr std::size_t kWavHeadBytes = 44;

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

// Silence: one channel, 8 bits, 8000 samples a second.
std::string wav(std::size_t samples) {
  constexpr std::uint64_t kRate = 8000;
  std::string out = "RIFF";
  append_little_endian(out, kWavHeadBytes - 8 + samples, 4);
  out.append("WAVEfmt ");
  append_little_endian(out, 16, 4);     // bytes of this chunk
  append_little_endian(out, 1, 2);      // PCM
  append_little_endian(out, 1, 2);      // channels
  append_little_endian(out, kRate, 4);  // samples a second
  append_little_endian(out, kRate, 4);  // bytes a second
  append_little_endian(out, 1, 2);      // bytes a sample
  append_little_endian(out, 8, 2);      // bits a sample
  out.append("data");
  append_little_endian(out, samples, 4);
  return out.append(samples, '\x80');
}

}  // namespace

Reply openai_embeddings(const EmbeddingsRequest& asked, const DialectRequest& request) {
  const TokenFigures figures = prompt_figures(request.body, request.seed);
  std::string out = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < asked.inputs; ++i) {
    fmt::format_to(std::back_inserter(out), R"({}{{"object":"embedding","index":{},"embedding":)",
                   i > 0 ? "," : "", i);
    // The same numbers in both forms: they depend on the seed and the place alone.
    base::Random random(request.seed + i);
    if (asked.base64)
      append_vector_base64(out, random, asked.dimensions);
    else
      append_vector(out, random, asked.dimensions);
    out.append("}");
  }
  out.append(R"(],"model":)");
  base::append_json_string(out, asked.model);
  if (request.behaviour.usage)
    fmt::format_to(std::back_inserter(out), R"(,"usage":{{"prompt_tokens":{0},"total_tokens":{0}}})",
                   figures.prompt_tokens);
  Reply reply = openai_json(request, out.append("}\n"));
  if (request.behaviour.usage) reply.usage = figures;
  return reply;
}

Reply openai_speech(const DialectRequest& request) {
  constexpr std::size_t kTenthOfASecond = 800;
  Reply reply = openai_json(
      request, wav(std::max(request.behaviour.body_bytes, kTenthOfASecond + kWavHeadBytes) - kWavHeadBytes));
  reply.content_type = "audio/wav";
  return reply;
}

Reply openai_transcription(const DialectRequest& request) {
  const auto file = form_part(request.body, form_boundary(field_of(request, "content-type")), "file");
  if (!file) return openai_error(request, 400, "Missing required parameter: 'file'.", "file");
  const std::uint32_t words = request.behaviour.tokens;
  const std::uint64_t audio_tokens = file->content.size() / 100 + 1;
  std::string out = R"({"text":")";
  request.prose.append_words(out, request.random.below(1 << 20), words);
  out.append("\"");
  if (request.behaviour.usage)
    fmt::format_to(std::back_inserter(out),
                   R"(,"usage":{{"type":"tokens","input_tokens":{0},"input_token_details":)"
                   R"({{"text_tokens":0,"audio_tokens":{0}}},"output_tokens":{1},"total_tokens":{2}}})",
                   audio_tokens, words, audio_tokens + words);
  Reply reply = openai_json(request, out.append("}\n"));
  if (request.behaviour.usage)
    reply.usage = TokenFigures{.prompt_tokens = audio_tokens, .completion_tokens = words};
  return reply;
}

Reply openai_image(const DialectRequest& request) {
  const TokenFigures figures = token_figures(request.body, request.behaviour.tokens, request.seed);
  std::string out = fmt::format(R"({{"created":{},"data":[{{"b64_json":"{}"}}])", unix_seconds_now(), kPixel);
  if (request.behaviour.usage)
    fmt::format_to(std::back_inserter(out),
                   R"(,"usage":{{"total_tokens":{},"input_tokens":{},"output_tokens":{},)"
                   R"("input_tokens_details":{{"text_tokens":{},"image_tokens":0}}}})",
                   figures.prompt_tokens + figures.completion_tokens, figures.prompt_tokens,
                   figures.completion_tokens, figures.prompt_tokens);
  return openai_json(request, out.append("}\n"));
}

}  // namespace archestra::simulator
