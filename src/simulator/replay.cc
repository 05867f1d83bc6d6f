#include "simulator/replay.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "http/head.h"
#include "simulator/request_json.h"

namespace archestra::simulator {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void take_headers(dom::object headers, Recording& recording) {
  for (const dom::key_value_pair header : headers) {
    std::string_view value;
    if (header.value.get(value) != simdjson::SUCCESS) continue;
    if (http::equals_ignoring_case(header.key, "content-type"))
      recording.content_type = value;
    else
      recording.fields.append(header.key).append(": ").append(value).append("\r\n");
  }
}

std::optional<Recording> read_recording(const fs::path& folder, dom::parser& parser) {
  const auto meta_text = read_file(folder / "meta.json");
  dom::element meta;
  if (!meta_text || parser.parse(*meta_text).get(meta) != simdjson::SUCCESS) return std::nullopt;
  Recording recording;
  std::int64_t status = 0;
  std::string_view file;
  dom::object headers;
  if (meta["status"].get(status) != simdjson::SUCCESS ||
      meta["response_file"].get(file) != simdjson::SUCCESS || status < 200 || status > 599)
    return std::nullopt;
  if (meta["response_headers"].get(headers) == simdjson::SUCCESS) take_headers(headers, recording);
  auto body = read_file(folder / file);
  if (!body) return std::nullopt;
  recording.status = static_cast<int>(status);
  const bool is_events = file.ends_with(".sse");
  recording.is_stream = is_events || is_true(meta["stream"]);  // Gemini also streams one JSON array
  if (recording.content_type.empty())
    recording.content_type = is_events ? "text/event-stream" : "application/json";
  recording.body = std::move(*body);
  return recording;
}

}  // namespace

base::Result<Recordings> Recordings::load(const std::string& folder) {
  Recordings recordings;
  dom::parser parser;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() != "meta.json") continue;
    const fs::path place = entry->path().parent_path();
    auto recording = read_recording(place, parser);
    if (!recording)
      return base::fail(base::ErrorCode::kInvalid, "a recording's meta.json or body cannot be read");
    recordings.by_name_.emplace(place.lexically_relative(folder).generic_string(), std::move(*recording));
  }
  if (error) return base::fail(base::ErrorCode::kSystem, "reading the recordings", error.value());
  if (recordings.by_name_.empty())
    return base::fail(base::ErrorCode::kInvalid, "no recordings in this folder");
  return recordings;
}

const Recording* Recordings::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

Piece RecordedBody::next() {
  constexpr std::uint64_t kRandomBytesMax = 400;  // some pieces within an event, some over several
  std::size_t size = left_.size();
  if (cut_ == Cut::kByte) size = std::min<std::size_t>(size, 1);
  if (cut_ == Cut::kRandom) size = std::min<std::size_t>(size, 1 + random_.below(kRandomBytesMax));
  const std::string_view text = left_.substr(0, size);
  left_.remove_prefix(size);
  return {.text = text, .last = left_.empty()};
}

}  // namespace archestra::simulator
