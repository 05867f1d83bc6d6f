// What can be done with uploaded files, the same in every dialect but for the words.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "simulator/dialect.h"
#include "simulator/files.h"

namespace archestra::simulator {

/// How a dialect writes files down.
struct FileWords {
  std::string_view id_prefix;
  std::size_t id_characters;
  std::string_view content_end;  ///< of a path that asks for the content
  std::string_view list_front;   ///< around the objects of a list
  std::string_view list_back;
  void (*append_object)(std::string& out, const StoredFile& file, const DialectRequest& request);
  void (*append_deleted)(std::string& out, const StoredFile& file);
};

struct FileAnswer {
  std::string body;
  bool is_content = false;  ///< the file itself, not what is said of it
};

enum class FileRefusal : std::uint8_t { kNoForm, kUnknownFile, kMethod };

/// Uploads by a form, lists, describes, gives out or deletes. `place` is the path below the files: "",
/// "{id}", or "{id}" and the end that asks for the content.
std::expected<FileAnswer, FileRefusal> operate_on_files(Files& files, std::string_view place,
                                                        const DialectRequest& request,
                                                        const FileWords& words);

}  // namespace archestra::simulator
