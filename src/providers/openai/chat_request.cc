#include <string>

#include "providers/json.h"
#include "providers/openai/chat.h"

namespace archestra::providers::openai {
namespace {

using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// Positions in the body are found by re-reading its text, because the parsed copy may lie elsewhere.
std::size_t offset_of(const char* at, const char* document_begin) {
  return static_cast<std::size_t>(at - document_begin);
}

// What the request says of stream_options. Of repeated members the last counts, as for the provider.
struct StreamOptions {
  bool present = false;
  bool is_object = false;
  bool is_empty = true;
  bool wants_usage = false;
  std::size_t begin = 0;        // of its value
  std::size_t size = 0;         // of its value's text
  std::size_t usage_begin = 0;  // of include_usage's value; 0 where there is none
  std::size_t usage_size = 0;
};

StreamOptions read_stream_options(value options, const char* document_begin) {
  StreamOptions found{.present = true};
  simdjson::ondemand::json_type type{};
  if (options.type().get(type)) return found;
  found.is_object = type == simdjson::ondemand::json_type::object;
  if (!found.is_object) {
    const std::string_view token = options.raw_json_token();
    found.begin = offset_of(token.data(), document_begin);
    const std::size_t end = token.find_last_not_of(" \t\r\n");
    found.size = end == std::string_view::npos ? token.size() : end + 1;
    return found;
  }
  object members;
  if (options.get_object().get(members)) return found;
  std::string_view text;
  if (members.raw_json().get(text)) return found;
  found.begin = offset_of(text.data(), document_begin);
  found.size = text.size();
  if (members.reset().error()) return found;
  json::for_each_member(members, [&](raw_json_string key, value member) {
    found.is_empty = false;
    if (key != "include_usage") return;
    const std::string_view token = member.raw_json_token();
    found.usage_begin = offset_of(token.data(), document_begin);
    const std::size_t end = token.find_last_not_of(" \t\r\n");
    found.usage_size = end == std::string_view::npos ? token.size() : end + 1;
    found.wants_usage = token.starts_with("true");
  });
  return found;
}

BodyEdit ask_for_usage(const StreamOptions& options, std::size_t object_begin) {
  if (!options.present)
    return {
        .offset = object_begin + 1, .removed = 0, .inserted = R"("stream_options":{"include_usage":true},)"};
  if (!options.is_object)  // null
    return {.offset = options.begin, .removed = options.size, .inserted = R"({"include_usage":true})"};
  if (options.usage_size > 0)
    return {.offset = options.usage_begin, .removed = options.usage_size, .inserted = "true"};
  return {.offset = options.begin + 1,
          .removed = 0,
          .inserted = options.is_empty ? R"("include_usage":true)" : R"("include_usage":true,)"};
}

}  // namespace

RequestFacts inspect_chat_request(std::string_view body, std::size_t slack, UsageOption usage) {
  RequestFacts facts;
  auto document = json::read(body, slack);
  object root;
  if (document.error() || document.get_object().get(root)) return facts;
  // The document's own text: the body, or the padded copy of it.
  std::string_view text;
  if (root.raw_json().get(text) || root.reset().error()) return facts;
  const std::size_t object_begin = body.find('{');
  const char* const document_begin = text.data() - object_begin;
  StreamOptions options;
  bool whole = json::for_each_member(root, [&](raw_json_string key, value member) {
    if (key == "model") {
      if (const auto model = json::as_string(member)) facts.model = *model;
    } else if (key == "stream") {
      bool stream = false;
      facts.stream = !member.get_bool().get(stream) && stream;
    } else if (key == "stream_options") {
      options = read_stream_options(member, document_begin);
    }
  });
  if (!whole) return {};
  const bool editable = !options.present || options.size > 0;
  if (facts.stream && usage == UsageOption::kAskFor && !options.wants_usage && editable)
    facts.usage_option = ask_for_usage(options, object_begin);
  return facts;
}

}  // namespace archestra::providers::openai
