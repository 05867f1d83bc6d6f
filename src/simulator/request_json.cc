#include "simulator/request_json.h"

#include "base/json_text.h"

namespace archestra::simulator {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kPropertiesMax = 32;  // of a tool that are given a value

// A value for a property, by the type its schema gives; Gemini writes types in capitals.
std::string_view value_of_type(std::string_view type) {
  if (type == "number" || type == "NUMBER") return "0.5";
  if (type == "integer" || type == "INTEGER") return "42";
  if (type == "boolean" || type == "BOOLEAN") return "true";
  if (type == "array" || type == "ARRAY") return "[]";
  if (type == "object" || type == "OBJECT") return "{}";
  return R"("Zürich, \"CH\"")";
}

}  // namespace

std::optional<dom::element> BodyParser::parse(std::string_view body) {
  padded_.assign(body);
  padded_.append(simdjson::SIMDJSON_PADDING, '\0');
  dom::element document;
  if (parser_.parse(padded_.data(), body.size(), false).get(document) != simdjson::SUCCESS ||
      !document.is_object())
    return std::nullopt;
  return document;
}

std::string_view text_or(JsonLookup element, std::string_view otherwise) {
  std::string_view text;
  return element.get(text) == simdjson::SUCCESS ? text : otherwise;
}

bool is_true(JsonLookup element) {
  bool value = false;
  return element.get(value) == simdjson::SUCCESS && value;
}

std::uint64_t number_or(JsonLookup element, std::uint64_t otherwise) {
  std::uint64_t value = 0;
  return element.get(value) == simdjson::SUCCESS ? value : otherwise;
}

std::size_t members_of(JsonLookup element) {
  dom::array array;
  return element.get(array) == simdjson::SUCCESS ? array.size() : 0;
}

std::string made_arguments(JsonLookup schema) {
  std::string arguments = "{";
  dom::object properties;
  if (schema["properties"].get(properties) == simdjson::SUCCESS) {
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

}  // namespace archestra::simulator
