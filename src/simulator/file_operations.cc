#include "simulator/file_operations.h"

#include <utility>

#include "simulator/made_id.h"
#include "simulator/multipart.h"

namespace archestra::simulator {
namespace {

using Result = std::expected<FileAnswer, FileRefusal>;

Result upload(Files& files, const DialectRequest& request, const FileWords& words) {
  const std::string_view boundary = form_boundary(field_of(request, "content-type"));
  const auto part = form_part(request.body, boundary, "file");
  if (!part) return std::unexpected(FileRefusal::kNoForm);
  const auto purpose = form_part(request.body, boundary, "purpose");
  FileAnswer answer;
  words.append_object(answer.body,
                      files.add({.id = made_id(request.random, words.id_prefix, words.id_characters),
                                 .name = std::string(part->file_name),
                                 .content_type = std::string(part->content_type),
                                 .purpose = std::string(purpose ? purpose->content : ""),
                                 .content = std::string(part->content),
                                 .created_s = unix_seconds_now()}),
                      request);
  return answer;
}

FileAnswer list(const Files& files, const DialectRequest& request, const FileWords& words) {
  FileAnswer answer{.body = std::string(words.list_front)};
  for (const StoredFile& file : files.all()) {
    answer.body.append(&file == &files.all().front() ? "" : ",");
    words.append_object(answer.body, file, request);
  }
  answer.body.append(words.list_back);
  return answer;
}

}  // namespace

Result operate_on_files(Files& files, std::string_view place, const DialectRequest& request,
                        const FileWords& words) {
  if (place.empty()) {
    if (request.method == "POST") return upload(files, request, words);
    if (is_reading(request)) return list(files, request, words);
    return std::unexpected(FileRefusal::kMethod);
  }
  const bool content = place.ends_with(words.content_end);
  if (content) place.remove_suffix(words.content_end.size());
  const StoredFile* const file = files.find(place);
  if (file == nullptr) return std::unexpected(FileRefusal::kUnknownFile);
  FileAnswer answer{.body = {}, .is_content = content};
  if (is_reading(request)) {
    if (content)
      answer.body = file->content;
    else
      words.append_object(answer.body, *file, request);
    return answer;
  }
  if (request.method != "DELETE" || content) return std::unexpected(FileRefusal::kMethod);
  words.append_deleted(answer.body, *file);
  files.remove(place);
  return answer;
}

}  // namespace archestra::simulator
