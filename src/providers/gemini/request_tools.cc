#include <algorithm>
#include <optional>
#include <utility>

#include "providers/gemini/strict_members.h"
#include "providers/gemini/tools.h"
#include "providers/json_view.h"

namespace archestra::providers::gemini {
namespace {

using json::View;

std::optional<model::DeclaredTool> read_declaration(View declaration) {
  View name;
  View description;
  View parameters;
  View schema;
  if (!pick(declaration, {{"name", "", &name},
                          {"description", "", &description},
                          {"parameters", "", &parameters},
                          {"parametersJsonSchema", "parameters_json_schema", &schema}}))
    return std::nullopt;
  std::optional<std::string> name_text = name.as_string();
  if (!name_text || name_text->empty()) return std::nullopt;
  if (schema.is(View::Kind::kObject)) parameters = schema;
  return model::DeclaredTool{
      .name = std::move(*name_text),
      .description = description.text(),
      .parameters = std::string(parameters.is(View::Kind::kObject) ? parameters.raw() : "")};
}

// Reads the history of one request. What makes no sense ends it.
class HistoryReader {
 public:
  explicit HistoryReader(std::string_view body) : body_(body) {}

  ToolHistory read(View root) {
    View contents;
    View cached;
    history_.is_readable =
        root.is(View::Kind::kObject) &&
        pick(root, {{"contents", "", &contents}, {"cachedContent", "cached_content", &cached}}) &&
        for_each_of(contents, [this](View content) { return read_content(content); });
    history_.is_complete = is_null(cached) || cached.is_string("");
    if (!history_.is_readable) history_.results.clear();
    return std::move(history_);
  }

 private:
  bool read_content(View content) {
    View parts;
    return content.is(View::Kind::kObject) && pick(content, {{"parts", "", &parts}}) &&
           for_each_of(parts, [this](View part) { return read_part(part); });
  }

  bool read_part(View part) {
    View response;
    return part.is(View::Kind::kObject) &&
           pick(part, {{"functionResponse", "function_response", &response}}) &&
           (is_null(response) || read_result(response));
  }

  bool read_result(View result) {
    View name;
    View response;
    View parts;
    if (!result.is(View::Kind::kObject) ||
        !pick(result, {{"name", "", &name}, {"response", "", &response}, {"parts", "", &parts}}))
      return false;
    std::optional<std::string> name_text = name.as_string();
    if (!name_text) return false;
    ToolResult& read = history_.results.emplace_back();
    read.tools.push_back(std::move(*name_text));
    if (!is_null(response)) {
      read.contents.emplace_back(response.raw());
      // It has to be an object.
      read.places.push_back(place_of(response, R"({"result":)", "}", true));
    }
    if (!is_null(parts)) {
      read.has_opaque = true;
      read.places.push_back(place_of(parts, "[", "]", false));
    }
    std::ranges::sort(read.places, {}, &ResultPlace::offset);
    return true;
  }

  ResultPlace place_of(View value, std::string_view before, std::string_view after, bool takes_text) const {
    return {.offset = static_cast<std::size_t>(value.raw().data() - body_.data()),
            .size = value.raw().size(),
            .before = before,
            .after = after,
            .takes_text = takes_text};
  }

  const std::string_view body_;
  ToolHistory history_;
};

}  // namespace

std::vector<model::DeclaredTool> read_declared_tools(std::string_view body, std::size_t slack) {
  const std::optional<View> root = View::parse(body, slack);
  View tools;
  std::vector<model::DeclaredTool> declared;
  if (!root || !pick(*root, {{"tools", "", &tools}})) return declared;
  for_each_of(tools, [&declared](View tool) {
    View declarations;
    if (!pick(tool, {{"functionDeclarations", "function_declarations", &declarations}})) return true;
    for_each_of(declarations, [&declared](View declaration) {
      if (std::optional<model::DeclaredTool> read = read_declaration(declaration))
        declared.push_back(std::move(*read));
      return true;
    });
    return true;
  });
  return declared;
}

ToolHistory read_tool_history(std::string_view body, std::size_t slack) {
  const std::optional<View> root = View::parse(body, slack);
  // A null has no history that could be read.
  return HistoryReader(body).read(root.value_or(View()));
}

}  // namespace archestra::providers::gemini
