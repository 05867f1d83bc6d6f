#include <string>
#include <utility>

#include "providers/gemini/content.h"
#include "providers/gemini/strict_members.h"

namespace archestra::providers::gemini {
namespace {

using json::View;
using Kind = ContentPart::Kind;

std::string_view role_of(std::string_view role) {
  if (role == "model") return "assistant";
  if (role == "function") return "tool";
  return role.empty() ? std::string_view("user") : role;
}

std::string json_of(View value, std::size_t bytes_max) {
  return is_null(value) ? std::string() : std::string(value.raw().substr(0, bytes_max));
}

void add_parts(ContentList& list, View parts) {
  for (const View part : parts.elements())
    if (auto read = read_part(part, list.bounds().text_bytes_max)) list.add(std::move(*read));
}

}  // namespace

std::optional<ContentPart> read_part(View part, std::size_t bytes_max) {
  View text;
  View thought;
  View inline_data;
  View file_data;
  View call;
  View response;
  if (!pick(part, {{"text", "", &text},
                   {"thought", "", &thought},
                   {"inlineData", "inline_data", &inline_data},
                   {"fileData", "file_data", &file_data},
                   {"functionCall", "function_call", &call},
                   {"functionResponse", "function_response", &response}}))
    return std::nullopt;
  // More than fits tells that there was more.
  const std::size_t room = bytes_max + 4;
  if (text.is(View::Kind::kString))
    return ContentPart{.kind = thought.is_true() ? Kind::kReasoning : Kind::kText,
                       .text = text.text_up_to(room)};
  View mime_type;
  View data;
  View uri;
  View id;
  View name;
  if (!pick(inline_data, {{"mimeType", "mime_type", &mime_type}, {"data", "", &data}}) ||
      !pick(file_data, {{"mimeType", "mime_type", &mime_type}, {"fileUri", "file_uri", &uri}}))
    return std::nullopt;
  const std::string mime = mime_type.text_up_to(256);
  if (!is_null(inline_data)) return blob_part("", mime, data);
  if (!is_null(file_data))
    return ContentPart{.kind = Kind::kUri,
                       .text = uri.text_up_to(room),
                       .modality = std::string(modality_of(mime)),
                       .mime_type = mime};
  View value;
  if (!pick(call, {{"id", "", &id}, {"name", "", &name}, {"args", "", &value}}) ||
      !pick(response, {{"id", "", &id}, {"name", "", &name}, {"response", "", &value}}))
    return std::nullopt;
  if (!is_null(call) || !is_null(response))
    return ContentPart{.kind = is_null(call) ? Kind::kToolResponse : Kind::kToolCall,
                       .is_json = true,
                       .text = json_of(value, room),
                       .id = id.text_up_to(256),
                       .name = name.text_up_to(256)};
  // Code that was run and what came of it, and whatever is to come: it is called by what it has.
  for (const json::Member& member : part.members())
    return ContentPart{.kind = Kind::kOther, .name = member.key.text_up_to(256)};
  return std::nullopt;
}

RequestContent read_request_content(std::string_view body, std::size_t slack, ContentBounds bounds) {
  RequestContent read(bounds);
  View system;
  View contents;
  View tools;
  const auto root = View::parse(body, slack);
  if (!root || !pick(*root, {{"systemInstruction", "system_instruction", &system},
                             {"contents", "", &contents},
                             {"tools", "", &tools}}))
    return read;
  View parts;
  if (pick(system, {{"parts", "", &parts}}) && !is_null(parts)) {
    read.system.begin_message("system");
    add_parts(read.system, parts);
  }
  for (const View content : contents.elements()) {
    View role;
    View said;
    if (!pick(content, {{"role", "", &role}, {"parts", "", &said}})) continue;
    const std::string by = role.text();
    read.input.begin_message(role_of(by));
    add_parts(read.input, said);
  }
  for (const View tool : tools.elements()) {
    View declarations;
    if (!pick(tool, {{"functionDeclarations", "function_declarations", &declarations}})) continue;
    for (const View declaration : declarations.elements()) {
      View name;
      if (pick(declaration, {{"name", "", &name}})) read.add_tool("function", name);
    }
  }
  return read;
}

}  // namespace archestra::providers::gemini
