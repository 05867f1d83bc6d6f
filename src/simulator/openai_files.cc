#include "simulator/openai_files.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/made_id.h"
#include "simulator/multipart.h"
#include "simulator/openai_reply.h"

namespace archestra::simulator {
namespace {

std::string file_object(const StoredFile& file) {
  std::string out = fmt::format(R"({{"object":"file","id":"{}","purpose":)", file.id);
  base::append_json_string(out, file.purpose);
  out.append(R"(,"filename":)");
  base::append_json_string(out, file.name);
  return out.append(fmt::format(R"(,"bytes":{},"created_at":{},"expires_at":null,"status":"processed"}})",
                                file.content.size(), file.created_s));
}

Reply upload(Files& files, const DialectRequest& request) {
  const std::string_view boundary = form_boundary(field_of(request, "content-type"));
  const auto part = form_part(request.body, boundary, "file");
  if (!part) return openai_error(request, 400, "'file' is a required property", "file");
  const auto purpose = form_part(request.body, boundary, "purpose");
  const StoredFile& file = files.add({.id = made_id(request.random, "file-", 22),
                                      .name = std::string(part->file_name),
                                      .content_type = std::string(part->content_type),
                                      .purpose = std::string(purpose ? purpose->content : ""),
                                      .content = std::string(part->content),
                                      .created_s = unix_seconds_now()});
  return openai_json(request, file_object(file).append("\n"));
}

Reply list(const Files& files, const DialectRequest& request) {
  std::string out = R"({"object":"list","data":[)";
  for (const StoredFile& file : files.all()) {
    out.append(&file == &files.all().front() ? "" : ",");
    out.append(file_object(file));
  }
  return openai_json(request, out.append("],\"has_more\":false}\n"));
}

}  // namespace

std::optional<Reply> openai_files(Files& files, std::string_view place, const DialectRequest& request) {
  constexpr std::string_view kContent = "/content";
  if (place.empty()) {
    if (request.method == "POST") return upload(files, request);
    return is_reading(request) ? std::optional(list(files, request)) : std::nullopt;
  }
  const bool content = place.ends_with(kContent);
  if (content) place.remove_suffix(kContent.size());
  const StoredFile* const file = files.find(place);
  if (file == nullptr) return openai_error(request, 404, fmt::format("No such File object: {}", place), "id");
  if (is_reading(request)) {
    Reply reply = openai_json(request, content ? file->content : file_object(*file).append("\n"));
    if (content) reply.content_type = "application/octet-stream";
    return reply;
  }
  if (request.method != "DELETE" || content) return std::nullopt;
  std::string body = fmt::format("{{\"object\":\"file\",\"id\":\"{}\",\"deleted\":true}}\n", file->id);
  files.remove(place);
  return openai_json(request, std::move(body));
}

}  // namespace archestra::simulator
