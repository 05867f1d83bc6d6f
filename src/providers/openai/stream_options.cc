#include "providers/openai/stream_options.h"

namespace archestra::providers::openai {

using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

namespace {

// Positions are told from the text that was parsed, which may be a copy of the body.
Span span_of(std::string_view token, const char* document_begin) {
  return {.begin = static_cast<std::size_t>(token.data() - document_begin),
          .size = token.find_last_not_of(" \t\r\n") + 1};
}

}  // namespace

std::optional<StreamOptions> read_stream_options(value options, const char* document_begin) {
  using Kind = StreamOptions::Kind;
  bool flag = false;
  if (json::is_null(options))
    return StreamOptions{Kind::kNull, span_of(options.raw_json_token(), document_begin)};
  StreamOptions found{Kind::kEmpty, span_of(options.raw_json_token(), document_begin)};
  object members;
  if (options.get_object().get(members)) return StreamOptions{Kind::kUntouchable};
  bool has_escapes = false;
  const bool readable = json::for_each_member(members, [&](raw_json_string key, value member) {
    has_escapes |= json::has_escapes(key);
    if (found.kind == Kind::kEmpty) found.kind = Kind::kUnset;
    if (key != "include_usage") return;
    const bool is_refused = json::is_null(member) || (!member.get_bool().get(flag) && !flag);
    found.kind = is_refused ? Kind::kRefused : Kind::kUntouchable;
    if (is_refused) found.text = span_of(member.raw_json_token(), document_begin);
  });
  if (!readable) return std::nullopt;
  if (has_escapes) return StreamOptions{Kind::kUntouchable};
  return found;
}

BodyEdit ask_for_usage(const StreamOptions& options, std::size_t object_begin) {
  const auto [begin, size] = options.text;
  switch (options.kind) {
    case StreamOptions::Kind::kAbsent:
      return {.offset = object_begin + 1,
              .removed = 0,
              .inserted = R"("stream_options":{"include_usage":true},)"};
    case StreamOptions::Kind::kNull:
      return {.offset = begin, .removed = size, .inserted = R"({"include_usage":true})"};
    case StreamOptions::Kind::kEmpty:
      return {.offset = begin + 1, .removed = 0, .inserted = R"("include_usage":true)"};
    case StreamOptions::Kind::kUnset:
      return {.offset = begin + 1, .removed = 0, .inserted = R"("include_usage":true,)"};
    case StreamOptions::Kind::kRefused:
      return {.offset = begin, .removed = size, .inserted = "true"};
    case StreamOptions::Kind::kUntouchable:
      break;
  }
  return {};
}

}  // namespace archestra::providers::openai
