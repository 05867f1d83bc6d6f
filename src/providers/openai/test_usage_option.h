// For tests of the usage option: what it may change in a request, told by a reader that is not the one under
// test (simdjson's DOM, which reads all of a text).
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers::openai {

/// A request body as the DOM sees it. Of repeated members the last counts.
struct PlainRequest {
  std::string model;  ///< the last one that is a string
  bool stream = false;
  bool asks_for_usage = false;
  bool may_be_asked = true;  ///< stream_options is what a provider accepts, and does not ask
  /// All of the body but include_usage, minified; with it goes a stream_options that is null or has nothing
  /// else.
  std::string rest;
};

/// Nothing where the text is no JSON object.
inline std::optional<PlainRequest> read_plainly(std::string_view body) {
  namespace dom = simdjson::dom;
  thread_local dom::parser parser;
  dom::object root;
  if (parser.parse(body.data(), body.size()).get_object().get(root)) return std::nullopt;
  PlainRequest plain;
  for (const dom::key_value_pair member : root) {
    std::string_view text;
    bool flag = false;
    if (member.key == "model" && !member.value.get_string().get(text)) plain.model = text;
    if (member.key == "stream") plain.stream = !member.value.get_bool().get(flag) && flag;
    if (member.key != "stream_options") {
      plain.rest.append(member.key) += '\0' + simdjson::minify(member.value) + "\n";
      continue;
    }
    plain.asks_for_usage = false;
    plain.may_be_asked = member.value.is_null() || member.value.is_object();
    dom::object options;
    if (member.value.get_object().get(options)) {
      if (!member.value.is_null()) plain.rest += "stream_options: " + simdjson::minify(member.value) + "\n";
      continue;
    }
    for (const dom::key_value_pair option : options) {
      if (option.key == "include_usage") {
        const bool is_flag = !option.value.get_bool().get(flag);
        plain.asks_for_usage = is_flag && flag;
        plain.may_be_asked = option.value.is_null() || (is_flag && !flag);
        continue;
      }
      plain.rest.append("stream_options.").append(option.key) += '\0' + simdjson::minify(option.value) + "\n";
    }
  }
  return plain;
}

inline std::string edited(std::string_view body, const BodyEdit& edit) {
  return std::string(body.substr(0, edit.offset)) + edit.inserted +
         std::string(body.substr(edit.offset + edit.removed));
}

}  // namespace archestra::providers::openai
