#include "simulator/openai_request.h"

#include <algorithm>
#include <utility>

namespace archestra::simulator {
namespace {

namespace dom = simdjson::dom;

constexpr std::uint64_t kChoicesMax = 128;  // the provider's own limit
constexpr std::size_t kInputsMax = 2048;    // likewise
constexpr std::uint64_t kDimensions = 1536;
constexpr std::uint64_t kDimensionsMax = 3072;

std::unexpected<BadRequest> refused(std::string message, std::string_view param) {
  return std::unexpected(BadRequest{std::move(message), param});
}

// The document, if it names a model and has the parameter that the operation cannot be without.
ReadRequest<dom::element> read_document(BodyParser& parser, std::string_view body,
                                        std::string_view required) {
  const auto document = parser.parse(body);
  if (!document) return refused("We could not parse the JSON body of your request.", "");
  if (text_or((*document)["model"], "").empty())
    return refused("you must provide a model parameter", "model");
  if ((*document)[required].error() != simdjson::SUCCESS)
    return refused("Missing required parameter: '" + std::string(required) + "'.", required);
  return *document;
}

// `tool` has the function's name and its schema; chat wraps it, responses do not.
void read_tool(dom::element document, JsonLookup tool, Asked& asked) {
  if (tool.error() != simdjson::SUCCESS) return;
  asked.may_call_tools = text_or(document["tool_choice"], "auto") != "none";
  asked.tool_name = text_or(tool["name"], asked.tool_name);
  asked.tool_arguments = made_arguments(tool["parameters"]);
}

// How many inputs a text, a list of texts, a list of tokens or a list of lists of tokens is.
std::size_t inputs_of(JsonLookup input) {
  const JsonLookup first = input.at(0);
  const bool is_one = !input.is_array() || (first.error() == simdjson::SUCCESS && first.is_number());
  return is_one ? 1 : members_of(input);
}

bool read_choices(dom::element document, std::uint32_t& choices) {
  const std::uint64_t n = number_or(document["n"], 1);
  choices = static_cast<std::uint32_t>(std::min(n, kChoicesMax));
  return n >= 1 && n <= kChoicesMax;
}

ChatRequest begin_request(dom::element document) {
  ChatRequest request;
  request.model = text_or(document["model"], "");
  request.stream = is_true(document["stream"]);
  request.include_usage = is_true(document["stream_options"]["include_usage"]);
  return request;
}

}  // namespace

ReadRequest<ChatRequest> read_chat(BodyParser& parser, std::string_view body) {
  const auto document = read_document(parser, body, "messages");
  if (!document) return std::unexpected(document.error());
  if (!(*document)["messages"].is_array())
    return refused("Invalid type for 'messages': expected an array of objects.", "messages");
  ChatRequest chat = begin_request(*document);
  if (!read_choices(*document, chat.choices))
    return refused("Invalid 'n': expected an integer from 1 to 128.", "n");
  read_tool(*document, (*document)["tools"].at(0)["function"], chat);
  return chat;
}

ReadRequest<ChatRequest> read_completions(BodyParser& parser, std::string_view body) {
  const auto document = read_document(parser, body, "prompt");
  if (!document) return std::unexpected(document.error());
  ChatRequest request = begin_request(*document);
  const std::size_t prompts = inputs_of((*document)["prompt"]);
  if (!read_choices(*document, request.choices) || prompts * request.choices > kChoicesMax || prompts == 0)
    return refused("Invalid 'n': expected an integer from 1 to 128.", "n");
  request.choices *= static_cast<std::uint32_t>(prompts);
  return request;
}

ReadRequest<Asked> read_responses(BodyParser& parser, std::string_view body) {
  const auto document = read_document(parser, body, "input");
  if (!document) return std::unexpected(document.error());
  Asked asked;
  asked.model = text_or((*document)["model"], "");
  asked.stream = is_true((*document)["stream"]);
  asked.thoughts = (*document)["reasoning"].is_object();
  dom::array tools;
  if ((*document)["tools"].get(tools) != simdjson::SUCCESS) return asked;
  for (const dom::element tool : tools) {
    if (text_or(tool["type"], "") != "function") continue;
    read_tool(*document, JsonLookup(dom::element(tool)), asked);
    break;
  }
  return asked;
}

ReadRequest<EmbeddingsRequest> read_embeddings(BodyParser& parser, std::string_view body) {
  const auto document = read_document(parser, body, "input");
  if (!document) return std::unexpected(document.error());
  EmbeddingsRequest request;
  request.model = text_or((*document)["model"], "");
  request.inputs = inputs_of((*document)["input"]);
  if (request.inputs == 0 || request.inputs > kInputsMax)
    return refused("Invalid 'input': expected at most 2048 inputs and at least one.", "input");
  const std::uint64_t natural = request.model.ends_with("-large") ? kDimensionsMax : kDimensions;
  request.dimensions = static_cast<std::size_t>(number_or((*document)["dimensions"], natural));
  if (request.dimensions == 0 || request.dimensions > kDimensionsMax)
    return refused("Invalid 'dimensions': expected an integer from 1 to 3072.", "dimensions");
  request.base64 = text_or((*document)["encoding_format"], "float") == "base64";
  return request;
}

}  // namespace archestra::simulator
