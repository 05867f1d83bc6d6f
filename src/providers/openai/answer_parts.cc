#include "providers/openai/answer_parts.h"

namespace archestra::providers::openai {

using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

namespace {

void set(std::uint64_t& figure, value member) { figure = json::as_count(member).value_or(figure); }

void read_input_details(value details, call::Usage& figures) {
  json::for_each_member(details, [&](raw_json_string key, value member) {
    if (key == "cached_tokens") set(figures.cache_read_tokens, member);
    if (key == "cache_write_tokens") set(figures.cache_write_tokens, member);
  });
}

void read_output_details(value details, call::Usage& figures) {
  json::for_each_member(details, [&](raw_json_string key, value member) {
    if (key == "reasoning_tokens") set(figures.reasoning_tokens, member);
  });
}

}  // namespace

bool read_usage(value usage, call::Usage& figures) {
  object members;
  if (!json::is_object(usage) || usage.get_object().get(members)) return false;
  figures.provenance = call::Provenance::kProvider;
  json::for_each_member(members, [&](raw_json_string key, value member) {
    if (key == "prompt_tokens" || key == "input_tokens") {
      set(figures.input_tokens, member);
    } else if (key == "completion_tokens" || key == "output_tokens") {
      set(figures.output_tokens, member);
    } else if (key == "prompt_tokens_details" || key == "input_tokens_details") {
      read_input_details(member, figures);
    } else if (key == "completion_tokens_details" || key == "output_tokens_details") {
      read_output_details(member, figures);
    }
  });
  return true;
}

std::string error_type_of(value error) {
  object members;
  if (!json::is_object(error) || error.get_object().get(members)) return {};
  std::string type;
  std::string code;
  json::for_each_member(members, [&](raw_json_string key, value member) {
    if (key == "type") type = json::as_string(member).value_or("");
    if (key == "code") code = json::as_string(member).value_or("");
  });
  if (type.empty()) type = std::move(code);
  return type.empty() ? "error" : type;
}

}  // namespace archestra::providers::openai
