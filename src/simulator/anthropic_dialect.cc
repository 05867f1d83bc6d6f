#include "simulator/anthropic_dialect.h"

#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/anthropic_messages.h"
#include "simulator/anthropic_reply.h"
#include "simulator/file_operations.h"

namespace archestra::simulator {
namespace {

constexpr std::array<std::string_view, 3> kModels{"claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5"};
constexpr std::string_view kMessages = "/messages";
constexpr std::string_view kCountTokens = "/messages/count_tokens";

void append_model(std::string& out, std::string_view id) {
  out.append(R"({"type":"model","id":)");
  base::append_json_string(out, id);
  out.append(R"(,"display_name":)");
  base::append_json_string(out, id);
  out.append(R"(,"created_at":"2025-09-29T00:00:00Z","deprecated_at":null,"lifecycle":"active","line":null,)"
             R"("capabilities":null,"max_input_tokens":200000,"max_tokens":64000})");
}

std::string model_list() {
  std::string out = R"({"data":[)";
  for (const std::string_view id : kModels) {
    if (id != kModels.front()) out.append(",");
    append_model(out, id);
  }
  return out.append(fmt::format(R"(],"has_more":false,"first_id":"{}","last_id":"{}","next_page":null}})",
                                kModels.front(), kModels.back()));
}

void append_file(std::string& out, const StoredFile& file, const DialectRequest&) {
  fmt::format_to(std::back_inserter(out), R"({{"type":"file","id":"{}","filename":)", file.id);
  base::append_json_string(out, file.name);
  out.append(R"(,"mime_type":)");
  base::append_json_string(out, file.content_type);
  fmt::format_to(std::back_inserter(out), R"(,"size_bytes":{},"created_at":")", file.content.size());
  base::append_iso_time(out, base::WallTime(std::chrono::seconds(file.created_s)));
  out.append(R"(","downloadable":true})");
}

void append_deleted_file(std::string& out, const StoredFile& file) {
  fmt::format_to(std::back_inserter(out), R"({{"type":"file_deleted","id":"{}"}})", file.id);
}

constexpr FileWords kFileWords{
    .id_prefix = "file_011C",
    .id_characters = 20,
    .content_end = "/content",
    .list_front = R"({"data":[)",
    .list_back = R"(],"has_more":false,"first_id":null,"last_id":null,"next_page":null})",
    .append_object = append_file,
    .append_deleted = append_deleted_file};

class AnthropicDialect final : public Dialect {
 public:
  bool speaks(const DialectRequest& request) const override {
    return request.path.ends_with("/v1/messages") || request.path == kMessages ||
           request.path.ends_with(kCountTokens) || !field_of(request, "anthropic-version").empty() ||
           !field_of(request, "x-api-key").empty();
  }
  Reply answer(const DialectRequest& request) override;
  Reply error(int status, std::string_view message, const DialectRequest& request) override {
    return anthropic_error(request, status, message);
  }

 private:
  Reply messages(const DialectRequest& request);
  Reply count_tokens(const DialectRequest& request);
  Reply files(std::string_view place, const DialectRequest& request);

  BodyParser parser_;
  Files files_;
};

Reply AnthropicDialect::answer(const DialectRequest& request) {
  const bool counts = request.path.ends_with(kCountTokens);
  if (counts || request.path.ends_with(kMessages)) {
    if (request.method != "POST") return anthropic_error(request, 405, "Method Not Allowed");
    return counts ? count_tokens(request) : messages(request);
  }
  if (const auto place = below(request.path, "/files")) return files(*place, request);
  const auto model = below(request.path, "/models");
  if (!model || !is_reading(request)) return anthropic_error(request, 404, located("Not Found", request));
  if (model->empty()) return anthropic_json(request, model_list());
  std::string body;
  append_model(body, *model);
  return anthropic_json(request, std::move(body));
}

Reply AnthropicDialect::messages(const DialectRequest& request) {
  const auto asked = read_messages(parser_, request.body, false);
  if (!asked) return anthropic_error(request, 400, asked.error().message);
  MessagesAnswer answer = make_messages_answer(*asked, request);
  const auto usage = answer.usage;
  Reply reply =
      asked->stream
          ? anthropic_events(request, messages_stream(std::move(answer), request.prose))
          : anthropic_json(request, messages_json(answer, request.prose, request.behaviour.body_bytes));
  reply.usage = usage;
  return reply;
}

Reply AnthropicDialect::count_tokens(const DialectRequest& request) {
  const auto asked = read_messages(parser_, request.body, true);
  if (!asked) return anthropic_error(request, 400, asked.error().message);
  return anthropic_json(request, fmt::format(R"({{"input_tokens":{}}})",
                                             prompt_figures(request.body, request.seed).prompt_tokens));
}

Reply AnthropicDialect::files(std::string_view place, const DialectRequest& request) {
  auto done = operate_on_files(files_, place, request, kFileWords);
  if (done) {
    Reply reply = anthropic_json(request, std::move(done->body));
    if (done->is_content) reply.content_type = "application/octet-stream";
    return reply;
  }
  if (done.error() == FileRefusal::kNoForm) return anthropic_error(request, 400, "file: Field required");
  if (done.error() == FileRefusal::kUnknownFile)
    return anthropic_error(request, 404, located("File not found", request));
  return anthropic_error(request, 405, "Method Not Allowed");
}

}  // namespace

std::unique_ptr<Dialect> make_anthropic_dialect() { return std::make_unique<AnthropicDialect>(); }

}  // namespace archestra::simulator
