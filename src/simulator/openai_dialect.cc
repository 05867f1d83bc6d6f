#include "simulator/openai_dialect.h"

#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/file_operations.h"
#include "simulator/openai_chat.h"
#include "simulator/openai_completions.h"
#include "simulator/openai_media.h"
#include "simulator/openai_reply.h"
#include "simulator/openai_request.h"
#include "simulator/openai_responses.h"

namespace archestra::simulator {
namespace {

constexpr std::array<std::string_view, 4> kModels{"gpt-4o", "gpt-4o-mini", "gpt-5", "o4-mini"};
constexpr std::int64_t kModelCreated = 1715367049;

std::string model_object(std::string_view id) {
  std::string out = R"({"id":)";
  base::append_json_string(out, id);
  return out.append(fmt::format(R"(,"object":"model","created":{},"owned_by":"system"}})", kModelCreated));
}

std::string model_list() {
  std::string out = R"({"object":"list","data":[)";
  for (const std::string_view id : kModels) {
    if (id != kModels.front()) out.append(",");
    out.append(model_object(id));
  }
  return out.append("]}\n");
}

void append_file(std::string& out, const StoredFile& file, const DialectRequest&) {
  fmt::format_to(std::back_inserter(out), R"({{"object":"file","id":"{}","purpose":)", file.id);
  base::append_json_string(out, file.purpose);
  out.append(R"(,"filename":)");
  base::append_json_string(out, file.name);
  fmt::format_to(std::back_inserter(out),
                 R"(,"bytes":{},"created_at":{},"expires_at":null,"status":"processed"}})",
                 file.content.size(), file.created_s);
}

void append_deleted_file(std::string& out, const StoredFile& file) {
  fmt::format_to(std::back_inserter(out), R"({{"object":"file","id":"{}","deleted":true}})", file.id);
}

constexpr FileWords kFileWords{.id_prefix = "file-",
                               .id_characters = 22,
                               .content_end = "/content",
                               .list_front = R"({"object":"list","data":[)",
                               .list_back = R"(],"has_more":false})",
                               .append_object = append_file,
                               .append_deleted = append_deleted_file};

class OpenAiDialect final : public Dialect {
 public:
  bool speaks(const DialectRequest&) const override { return true; }
  Reply answer(const DialectRequest& request) override;
  Reply error(int status, std::string_view message, const DialectRequest& request) override {
    return openai_error(request, status, message);
  }

 private:
  Reply chat(const DialectRequest& request);
  Reply responses(const DialectRequest& request);
  Reply completions(const DialectRequest& request);
  Reply embeddings(const DialectRequest& request);
  Reply files(std::string_view place, const DialectRequest& request);
  Reply speech(const DialectRequest& request) { return openai_speech(request); }
  Reply transcription(const DialectRequest& request) { return openai_transcription(request); }
  Reply image(const DialectRequest& request) { return openai_image(request); }

  struct Operation {
    std::string_view path_end;
    Reply (OpenAiDialect::*answer)(const DialectRequest&);
  };
  static const std::array<Operation, 7> kOperations;  // each is a POST

  BodyParser parser_;
  Files files_;
};

constexpr std::array<OpenAiDialect::Operation, 7> OpenAiDialect::kOperations{{
    {"/chat/completions", &OpenAiDialect::chat},
    {"/responses", &OpenAiDialect::responses},
    {"/completions", &OpenAiDialect::completions},
    {"/embeddings", &OpenAiDialect::embeddings},
    {"/audio/speech", &OpenAiDialect::speech},
    {"/audio/transcriptions", &OpenAiDialect::transcription},
    {"/images/generations", &OpenAiDialect::image},
}};

Reply OpenAiDialect::answer(const DialectRequest& request) {
  for (const Operation& operation : kOperations) {
    if (!request.path.ends_with(operation.path_end)) continue;
    if (request.method == "POST") return (this->*operation.answer)(request);
    return openai_error(request, 405, located("Method not allowed", request));
  }
  if (const auto place = below(request.path, "/files")) return files(*place, request);
  const auto model = below(request.path, "/models");
  if (model && is_reading(request))
    return openai_json(request, model->empty() ? model_list() : model_object(*model));
  return openai_error(request, 404, located("Invalid URL", request));
}

// A stream of completions tells its usage only where it was asked for it; the journal does the same.
Reply told(Reply reply, const std::optional<TokenFigures>& usage, bool is_told) {
  if (is_told) reply.usage = usage;
  if (reply.usage) reply.usage->cache_write_tokens = 0;  // OpenAI has no word for it
  return reply;
}

Reply OpenAiDialect::chat(const DialectRequest& request) {
  const auto asked = read_chat(parser_, request.body);
  if (!asked) return openai_refusal(request, asked.error());
  ChatAnswer answer = make_chat_answer(*asked, request, unix_seconds_now());
  const auto usage = answer.usage;
  if (asked->stream) {
    const bool is_told = answer.usage_in_stream;
    return told(openai_events(request, chat_stream(std::move(answer), request.prose)), usage, is_told);
  }
  return told(openai_json(request, chat_json(answer, request.prose, request.behaviour.body_bytes)), usage,
              true);
}

Reply OpenAiDialect::completions(const DialectRequest& request) {
  const auto asked = read_completions(parser_, request.body);
  if (!asked) return openai_refusal(request, asked.error());
  ChatAnswer answer = make_completion_answer(*asked, request, unix_seconds_now());
  const auto usage = answer.usage;
  if (asked->stream) {
    const bool is_told = answer.usage_in_stream;
    return told(openai_events(request, completion_stream(std::move(answer), request.prose)), usage, is_told);
  }
  return told(openai_json(request, completion_json(answer, request.prose, request.behaviour.body_bytes)),
              usage, true);
}

Reply OpenAiDialect::responses(const DialectRequest& request) {
  const auto asked = read_responses(parser_, request.body);
  if (!asked) return openai_refusal(request, asked.error());
  ResponsesAnswer answer = make_responses_answer(*asked, request, unix_seconds_now());
  const auto usage = answer.usage;
  if (asked->stream)
    return told(openai_events(request, responses_stream(std::move(answer), request.prose)), usage, true);
  return told(openai_json(request, responses_json(answer, request.prose, request.behaviour.body_bytes)),
              usage, true);
}

Reply OpenAiDialect::embeddings(const DialectRequest& request) {
  const auto asked = read_embeddings(parser_, request.body);
  return asked ? openai_embeddings(*asked, request) : openai_refusal(request, asked.error());
}

Reply OpenAiDialect::files(std::string_view place, const DialectRequest& request) {
  auto done = operate_on_files(files_, place, request, kFileWords);
  if (done) {
    Reply reply = openai_json(request, std::move(done->body));
    if (done->is_content) reply.content_type = "application/octet-stream";
    return reply;
  }
  if (done.error() == FileRefusal::kNoForm)
    return openai_error(request, 400, "'file' is a required property", "file");
  if (done.error() == FileRefusal::kUnknownFile)
    return openai_error(request, 404, located("No such File object", request), "id");
  return openai_error(request, 405, located("Method not allowed", request));
}

}  // namespace

std::unique_ptr<Dialect> make_openai_dialect() { return std::make_unique<OpenAiDialect>(); }

}  // namespace archestra::simulator
