#include "simulator/gemini_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/file_operations.h"
#include "simulator/gemini_reply.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kIdPrefix = "files/";

std::string_view host_of(const DialectRequest& request) {
  return request.fields.value_of(http::HeaderId::kHost);
}

void append_file(std::string& out, const StoredFile& file, const DialectRequest& request) {
  auto to = std::back_inserter(out);
  std::string time;
  base::append_iso_time(time, base::WallTime(std::chrono::seconds(file.created_s)));
  fmt::format_to(to, R"({{"name":"{}{}","displayName":)", kIdPrefix, file.id);
  base::append_json_string(out, file.name);
  out.append(R"(,"mimeType":)");
  base::append_json_string(out, file.content_type);
  fmt::format_to(to, R"(,"sizeBytes":"{}","createTime":"{}","updateTime":"{}","uri":)", file.content.size(),
                 time, time);
  base::append_json_string(out, fmt::format("http://{}/v1beta/{}{}", host_of(request), kIdPrefix, file.id));
  out.append(R"(,"state":"ACTIVE","source":"UPLOADED"})");
}

constexpr FileWords kFileWords{
    .id_prefix = "",
    .id_characters = 12,
    .content_end = ":download",
    .list_front = R"({"files":[)",
    .list_back = "]}",
    .append_object = append_file,
    .append_deleted = [](std::string& out, const StoredFile&) { out.append("{}"); }};

// What an id is made of here: lower case, as the provider's are.
std::string file_id(base::Random& random) {
  std::string id = made_id(random, "", kFileWords.id_characters);
  for (char& c : id)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return id;
}

// Whether a client may name its file so: "files/" and lower-case letters, digits, hyphens.
bool is_file_name(std::string_view name) {
  constexpr std::string_view kAllowed = "0123456789-abcdefghijklmnopqrstuvwxyz";
  return name.starts_with(kIdPrefix) && name.size() > kIdPrefix.size() &&
         name.find_first_not_of(kAllowed, kIdPrefix.size()) == std::string_view::npos;
}

bool has(std::string_view command, std::string_view word) {
  return command.find(word) != std::string_view::npos;
}

Reply status_reply(const DialectRequest& request, std::string_view status, std::size_t received,
                   std::string body) {
  Reply reply = gemini_json(request, std::move(body));
  fmt::format_to(std::back_inserter(reply.fields),
                 "x-goog-upload-status: {}\r\nx-goog-upload-size-received: {}\r\n", status, received);
  return reply;
}

}  // namespace

Reply GeminiFiles::upload(const DialectRequest& request, BodyParser& parser) {
  const std::string_view command = field_of(request, "x-goog-upload-command");
  if (request.method != "POST" && request.method != "PUT") return gemini_error(request, 405);
  if (has(command, "start")) return start(request, parser);
  Upload* const found = find(request.query);
  if (found == nullptr) return gemini_error(request, 404, "There is no such upload.");
  return proceed(request, *found, command);
}

Reply GeminiFiles::start(const DialectRequest& request, BodyParser& parser) {
  if (field_of(request, "x-goog-upload-protocol") != "resumable")
    return gemini_error(request, 400, "Only resumable uploads are simulated.");
  StoredFile file{.id = file_id(request.random),
                  .name = {},
                  .content_type = std::string(field_of(request, "x-goog-upload-header-content-type")),
                  .purpose = {},
                  .content = {},
                  .created_s = unix_seconds_now()};
  if (const auto document = parser.parse(request.body)) {
    const JsonLookup said = (*document)["file"];
    file.name = text_or(said["displayName"], text_or(said["display_name"], ""));
    file.content_type = text_or(said["mimeType"], text_or(said["mime_type"], file.content_type));
    const std::string_view name = text_or(said["name"], "");
    if (is_file_name(name)) file.id = name.substr(kIdPrefix.size());
  } else if (!request.body.empty()) {
    return gemini_error(request, 400, "Invalid JSON payload received.");
  }
  uploads_.push_back({.id = made_id(request.random, "", 40), .file = std::move(file)});
  if (uploads_.size() > kUploadsMax) uploads_.pop_front();
  Reply reply = status_reply(request, "active", 0, {});
  fmt::format_to(std::back_inserter(reply.fields),
                 "x-goog-upload-url: http://{0}{1}?upload_id={2}&upload_protocol=resumable\r\n"
                 "x-goog-upload-control-url: http://{0}{1}?upload_id={2}&upload_protocol=resumable\r\n"
                 "x-goog-upload-chunk-granularity: 1\r\n",
                 host_of(request), request.path, uploads_.back().id);
  return reply;
}

Reply GeminiFiles::proceed(const DialectRequest& request, Upload& upload, std::string_view command) {
  std::string& content = upload.file.content;
  if (has(command, "upload")) {
    const std::string_view offset = field_of(request, "x-goog-upload-offset");
    if (offset != fmt::to_string(content.size()))
      return gemini_error(request, 400, fmt::format("The upload has come to {}.", content.size()));
    if (content.size() + request.body.size() > kBytesMax) return gemini_error(request, 413);
    content.append(request.body);
  }
  if (!has(command, "finalize")) return status_reply(request, "active", content.size(), {});
  std::string body = R"({"file":)";
  append_file(body, files_.add(std::move(upload.file)), request);
  std::erase_if(uploads_, [&](const Upload& other) { return &other == &upload; });
  const std::size_t size = files_.all().back().content.size();
  return status_reply(request, "final", size, body.append("}\n"));
}

GeminiFiles::Upload* GeminiFiles::find(std::string_view query) {
  constexpr std::string_view kName = "upload_id=";
  const std::size_t at = query.find(kName);
  if (at == std::string_view::npos) return nullptr;
  const std::string_view rest = query.substr(at + kName.size());
  const std::string_view id = rest.substr(0, rest.find('&'));
  const auto found =
      std::find_if(uploads_.begin(), uploads_.end(), [&](const Upload& upload) { return upload.id == id; });
  return found == uploads_.end() ? nullptr : &*found;
}

Reply GeminiFiles::operate(std::string_view place, const DialectRequest& request) {
  auto done = operate_on_files(files_, place, request, kFileWords);
  if (done) {
    Reply reply = gemini_json(request, std::move(done->body));
    if (done->is_content) reply.content_type = "application/octet-stream";
    return reply;
  }
  if (done.error() == FileRefusal::kUnknownFile)
    return gemini_error(
        request, 403,
        fmt::format("You do not have permission to access the File {} or it may not exist.", place));
  return gemini_error(request, done.error() == FileRefusal::kNoForm ? 400 : 405);
}

}  // namespace archestra::simulator
