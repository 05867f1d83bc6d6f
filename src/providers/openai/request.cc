#include "providers/openai/request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "providers/json.h"
#include "providers/openai/stream_options.h"
#include "providers/request_parameters.h"

namespace archestra::providers::openai {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// A chat has a role for the results of tools; items of the responses operation have types. A tool search is
// the provider's own, unless the item says otherwise.
bool is_tool_result(object item) {
  std::string_view role;
  std::string_view type;
  std::string_view execution;
  json::for_each_member(item, [&](raw_json_string key, value member) {
    if (key == "role") role = json::as_string(member).value_or("");
    if (key == "type") type = json::as_string(member).value_or("");
    if (key == "execution") execution = json::as_string(member).value_or("");
  });
  if (type == "tool_search_output") return execution == "client";
  return role == "tool" || role == "function" || type.ends_with("_call_output");
}

std::uint32_t count_tool_results(value history) {
  array items;
  if (history.get_array().get(items)) return 0;
  std::uint32_t count = 0;
  for (auto each : items) {
    object item;
    if (each.get_object().get(item)) break;  // a list of texts
    if (is_tool_result(item)) ++count;
  }
  return count;
}

using call::OutputType;
using call::RequestNumbers;

// Those of all operations, and top_k, which is not OpenAI's but known to servers that speak as it does.
constexpr std::array<NumberMember<double>, 5> kReals{
    {{"temperature", &RequestNumbers::temperature},
     {"top_p", &RequestNumbers::top_p},
     {"top_k", &RequestNumbers::top_k},
     {"frequency_penalty", &RequestNumbers::frequency_penalty},
     {"presence_penalty", &RequestNumbers::presence_penalty}}};
constexpr std::array<NumberMember<std::int64_t>, 6> kIntegers{
    {{"max_tokens", &RequestNumbers::max_tokens},
     {"max_completion_tokens", &RequestNumbers::max_tokens},
     {"max_output_tokens", &RequestNumbers::max_tokens},
     {"seed", &RequestNumbers::seed},
     {"n", &RequestNumbers::choice_count},
     {"dimensions", &RequestNumbers::dimension_count}}};

// {"type":"json_schema",...}, which chat has as response_format and the responses operation as text.format.
void read_format(value format, OutputType& type) {
  json::for_each_member(format, [&](raw_json_string key, value member) {
    if (key != "type") return;
    const std::string_view name = json::as_string(member).value_or("");
    if (name == "text") type = std::max(type, OutputType::kText);
    if (name == "json_object" || name == "json_schema") type = std::max(type, OutputType::kJson);
  });
}

void read_parameter(raw_json_string key, value member, call::RequestParameters& parameters) {
  OutputType& output_type = parameters.output_type;
  if (read_number({kReals, kIntegers}, key, member, parameters.numbers)) return;
  if (key == "stop") {
    read_texts(member, parameters.stop_sequences);
  } else if (key == "response_format") {
    read_format(member, output_type);
  } else if (key == "text") {
    json::for_each_member(member, [&](raw_json_string name, value part) {
      if (name == "format") read_format(part, output_type);
    });
  } else if (key == "modalities") {
    for_each_text(member, [&](std::string_view modality) {
      if (modality == "audio") output_type = OutputType::kSpeech;
    });
  } else if (key == "encoding_format") {
    read_text(member, parameters.encoding_format);
  } else if (key == "service_tier") {
    read_text(member, parameters.service_tier);
  }
}

}  // namespace

RequestFacts inspect_request(std::string_view body, std::size_t slack, UsageOption usage) {
  RequestFacts facts;
  json::ondemand::document document;
  if (json::read(body, slack).get(document)) return facts;
  const char* const document_begin = json::begin_of(document, body);
  std::optional<StreamOptions> options = StreamOptions{};
  bool has_escapes = false;
  const bool readable = json::for_each_root_member(document, [&](raw_json_string key, value member) {
    has_escapes |= json::has_escapes(key);
    if (key == "model") {
      if (const auto model = json::as_string(member)) facts.model = *model;
    } else if (key == "stream") {
      facts.stream = json::is_true(member);
    } else if (key == "stream_options" && options) {
      options = read_stream_options(member, document_begin);
    } else if (key == "messages" || key == "input") {
      facts.tool_results = count_tool_results(member);
    } else if (key == "tools" || key == "functions") {
      facts.tools_hash = facts.tools_hash * 31 + json::hash_of_text(member);
    } else {
      read_parameter(key, member, facts.parameters);
    }
  });
  if (!readable || !options) return {};
  // A key with escapes may be stream_options in disguise.
  if (facts.stream && usage == UsageOption::kAskFor && !has_escapes)
    facts.usage_option = ask_for_usage(*options, body.find('{'));
  return facts;
}

}  // namespace archestra::providers::openai
