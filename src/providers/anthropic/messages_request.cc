#include <array>
#include <optional>

#include "providers/anthropic/messages.h"
#include "providers/json.h"
#include "providers/request_parameters.h"

namespace archestra::providers::anthropic {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// The functions below answer nothing where the text makes no sense.

// 1 or 0. Blocks of results whose tools the provider ran itself have other types.
std::optional<std::uint32_t> count_result(value block) {
  object members;
  if (!json::is_object(block)) return 0;
  if (block.get_object().get(members)) return std::nullopt;
  bool is_result = false;
  const bool readable = json::for_each_member(members, [&](raw_json_string key, value member) {
    if (key == "type") is_result = json::as_string(member) == "tool_result";
  });
  if (!readable) return std::nullopt;
  return is_result ? 1 : 0;
}

// The sum of what `count_item` finds in a list; nothing is in anything else, such as content that is a text.
template <class CountItem>
std::optional<std::uint32_t> count_in(value list, CountItem count_item) {
  array items;
  if (list.get_array().get(items)) return 0;
  std::uint32_t count = 0;
  for (auto item : items) {
    value each;
    if (item.get(each)) return std::nullopt;
    const std::optional<std::uint32_t> found = count_item(each);
    if (!found) return std::nullopt;
    count += *found;
  }
  return count;
}

std::optional<std::uint32_t> count_results_of_message(value message) {
  object members;
  if (!json::is_object(message)) return 0;
  if (message.get_object().get(members)) return std::nullopt;
  std::optional<std::uint32_t> count = 0;
  const bool readable = json::for_each_member(members, [&](raw_json_string key, value member) {
    if (key == "content" && count) count = count_in(member, count_result);
  });
  return readable ? count : std::nullopt;
}

using call::RequestNumbers;

constexpr std::array<NumberMember<double>, 3> kReals{{{"temperature", &RequestNumbers::temperature},
                                                      {"top_p", &RequestNumbers::top_p},
                                                      {"top_k", &RequestNumbers::top_k}}};
constexpr std::array<NumberMember<std::int64_t>, 1> kIntegers{{{"max_tokens", &RequestNumbers::max_tokens}}};

// {"type":"json_schema",...}; there is no other one.
void read_format(value format, call::RequestParameters& parameters) {
  json::for_each_member(format, [&](raw_json_string key, value member) {
    if (key == "type" && json::as_string(member) == "json_schema")
      parameters.output_type = call::OutputType::kJson;
  });
}

void read_parameter(raw_json_string key, value member, call::RequestParameters& parameters) {
  if (read_number({kReals, kIntegers}, key, member, parameters.numbers)) return;
  if (key == "stop_sequences") {
    read_texts(member, parameters.stop_sequences);
  } else if (key == "output_format") {  // in the beta
    read_format(member, parameters);
  } else if (key == "output_config") {
    json::for_each_member(member, [&](raw_json_string name, value part) {
      if (name == "format") read_format(part, parameters);
    });
  }
}

}  // namespace

RequestFacts inspect_messages_request(std::string_view body, std::size_t slack) {
  RequestFacts facts;
  json::ondemand::document document;
  if (json::read(body, slack).get(document)) return facts;
  std::optional<std::uint32_t> results = 0;
  const bool readable = json::for_each_root_member(document, [&](raw_json_string key, value member) {
    if (key == "model") {
      if (const auto model = json::as_string(member)) facts.model = *model;
    } else if (key == "stream") {
      facts.stream = json::is_true(member);
    } else if (key == "messages" && results) {
      results = count_in(member, count_results_of_message);
    } else if (key == "tools") {
      facts.tools_hash = json::hash_of_text(member);
    } else {
      read_parameter(key, member, facts.parameters);
    }
  });
  if (!readable || !results) return {};
  facts.tool_results = *results;
  return facts;
}

}  // namespace archestra::providers::anthropic
