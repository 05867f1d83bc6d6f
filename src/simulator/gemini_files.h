// Gemini's files: the resumable upload in its steps, list, metadata, content, deletion. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "simulator/dialect.h"
#include "simulator/files.h"
#include "simulator/request_json.h"

namespace archestra::simulator {

class GeminiFiles {
 public:
  /// A step of an upload: "start" names the file and is told where to send it; "upload" brings bytes;
  /// "finalize" ends it; "query" asks how far it has come.
  Reply upload(const DialectRequest& request, BodyParser& parser);
  /// `place` is the path below /files: "", "{id}" or "{id}:download".
  Reply operate(std::string_view place, const DialectRequest& request);

 private:
  struct Upload {
    std::string id;
    StoredFile file;
  };
  static constexpr std::size_t kUploadsMax = 64;
  static constexpr std::size_t kBytesMax = std::size_t{256} << 20;

  Reply start(const DialectRequest& request, BodyParser& parser);
  Reply proceed(const DialectRequest& request, Upload& upload, std::string_view command);
  Upload* find(std::string_view query);

  Files files_;
  std::deque<Upload> uploads_;  // that are not finished, the oldest first
};

}  // namespace archestra::simulator
