#include "simulator/openai_request.h"

#include <simdjson.h>

#include "base/json_text.h"

namespace archestra::simulator {
namespace {

namespace dom = simdjson::dom;

constexpr std::uint64_t kChoicesMax = 128;  // the provider's own limit
constexpr std::size_t kPropertiesMax = 32;  // of a tool that are given a value
constexpr std::string_view kUnnamedTool = "sim_tool";

std::string_view text_or(simdjson::simdjson_result<dom::element> element, std::string_view otherwise) {
  std::string_view text;
  return element.get(text) == simdjson::SUCCESS ? text : otherwise;
}

bool is_true(simdjson::simdjson_result<dom::element> element) {
  bool value = false;
  return element.get(value) == simdjson::SUCCESS && value;
}

// A value for a property, by the type its schema gives.
std::string_view value_of_type(std::string_view type) {
  if (type == "number") return "0.5";
  if (type == "integer") return "42";
  if (type == "boolean") return "true";
  if (type == "array") return "[]";
  if (type == "object") return "{}";
  return R"("Zürich, \"CH\"")";
}

std::string make_arguments(dom::element tool) {
  std::string arguments = "{";
  dom::object properties;
  if (tool["function"]["parameters"]["properties"].get(properties) == simdjson::SUCCESS) {
    std::size_t count = 0;
    for (const dom::key_value_pair property : properties) {
      if (count == kPropertiesMax) break;
      if (count++ > 0) arguments.append(", ");
      base::append_json_string(arguments, property.key);
      arguments.append(": ").append(value_of_type(text_or(property.value["type"], "string")));
    }
  }
  return arguments.append("}");
}

void read_tools(dom::element document, ChatRequest& request) {
  request.tool_name = kUnnamedTool;
  request.tool_arguments = "{}";
  dom::element first;
  if (document["tools"].at(0).get(first) != simdjson::SUCCESS) return;
  request.may_call_tools = text_or(document["tool_choice"], "auto") != "none";
  request.tool_name = text_or(first["function"]["name"], kUnnamedTool);
  request.tool_arguments = make_arguments(first);
}

}  // namespace

struct ChatRequestParser::Json {
  dom::parser parser;
  std::string padded;  // simdjson reads past the end
};

ChatRequestParser::ChatRequestParser() : json_(std::make_unique<Json>()) {}
ChatRequestParser::~ChatRequestParser() = default;

std::expected<ChatRequest, BadRequest> ChatRequestParser::parse(std::string_view body) {
  json_->padded.assign(body);
  json_->padded.append(simdjson::SIMDJSON_PADDING, '\0');
  dom::element document;
  if (json_->parser.parse(json_->padded.data(), body.size(), false).get(document) != simdjson::SUCCESS ||
      !document.is_object())
    return std::unexpected(BadRequest{"We could not parse the JSON body of your request.", ""});
  ChatRequest request;
  request.model = text_or(document["model"], "");
  if (request.model.empty())
    return std::unexpected(BadRequest{"you must provide a model parameter", "model"});
  if (!document["messages"].is_array())
    return std::unexpected(BadRequest{"Missing required parameter: 'messages'.", "messages"});
  request.stream = is_true(document["stream"]);
  request.include_usage = is_true(document["stream_options"]["include_usage"]);
  std::uint64_t choices = 1;
  if (document["n"].get(choices) == simdjson::SUCCESS && (choices == 0 || choices > kChoicesMax))
    return std::unexpected(BadRequest{"Invalid 'n': expected an integer from 1 to 128.", "n"});
  request.choices = static_cast<std::uint32_t>(choices);
  read_tools(document, request);
  return request;
}

}  // namespace archestra::simulator
