#include "providers/openai/content.h"

#include <string>
#include <utility>

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = ContentPart::Kind;

void add_media(ContentList& list, std::string_view modality, View url) {
  list.add(media_part(modality, url, list.bounds().text_bytes_max));
}

void add_file(ContentList& list, std::string_view modality, View id) {
  list.add({.kind = Kind::kFile, .text = id.text(), .modality = std::string(modality)});
}

// Of the places where a file or an image may be, one is used.
void add_stored(ContentList& list, std::string_view modality, View url, View data, View id) {
  if (id.is(View::Kind::kString)) return add_file(list, modality, id);
  if (url.is(View::Kind::kString)) return add_media(list, modality, url);
  if (!data.is(View::Kind::kString)) return;
  if (data.text_up_to(5) == "data:")
    add_media(list, modality, data);
  else
    list.add(blob_part(modality, "", data));
}

void add_part(ContentList& list, View part) {
  View type;
  View text;
  View refusal;
  View image_url;
  View input_audio;
  View file;
  View file_id;
  View file_url;
  View file_data;
  if (part.is(View::Kind::kString)) return list.add_text(Kind::kText, part);
  if (!part.pick({{"type", &type},
                  {"text", &text},
                  {"refusal", &refusal},
                  {"image_url", &image_url},
                  {"input_audio", &input_audio},
                  {"file", &file},
                  {"file_id", &file_id},
                  {"file_url", &file_url},
                  {"file_data", &file_data}}))
    return;
  const std::string kind = type.text();
  if (kind == "text" || kind == "input_text" || kind == "output_text") {
    list.add_text(Kind::kText, text);
  } else if (kind == "refusal") {
    list.add_text(Kind::kRefusal, refusal);
  } else if (kind == "image_url" || kind == "input_image" || kind == "computer_screenshot") {
    View url = image_url;
    if (image_url.pick({{"url", &url}})) add_stored(list, "image", url, {}, file_id);
  } else if (kind == "input_audio") {
    View data;
    View format;
    if (input_audio.pick({{"data", &data}, {"format", &format}}))
      list.add(blob_part("audio", "audio/" + format.text_up_to(16), data));
  } else if (kind == "file" || kind == "input_file") {
    if (file.pick({{"file_id", &file_id}, {"file_data", &file_data}}))
      add_stored(list, "document", file_url, file_data, file_id);
  } else {
    list.add({.kind = Kind::kOther, .name = kind});
  }
}

void add_definition(RequestContent& content, View tool) {
  View type;
  View name;
  View function;
  View custom;
  if (!tool.pick({{"type", &type}, {"name", &name}, {"function", &function}, {"custom", &custom}})) return;
  const std::string kind = type.is(View::Kind::kString) ? type.text_up_to(64) : "function";
  if (function.pick({{"name", &name}}) && custom.pick({{"name", &name}}))
    content.add_tool(kind, name.is(View::Kind::kString) ? name : type);
}

}  // namespace

void add_content_parts(ContentList& list, View content) {
  if (content.is(View::Kind::kArray))
    for (const View part : content.elements()) add_part(list, part);
  else if (!content.is(View::Kind::kNull))
    list.add_text(Kind::kText, content);
}

void add_tool_response(ContentList& list, View id, View content) {
  ContentPart part{.kind = Kind::kToolResponse, .id = id.text()};
  View type;
  if (content.pick({{"type", &type}}) && type.is_string("computer_screenshot")) {
    list.add(std::move(part));
    return add_part(list, content);
  }
  if (content.is(View::Kind::kArray)) return list.add_response(std::move(part), content, add_part);
  list.add_value(std::move(part), content);
}

void add_tool_definitions(RequestContent& content, View tools, View functions) {
  for (const View tool : tools.elements()) add_definition(content, tool);
  for (const View function : functions.elements()) add_definition(content, function);
}

std::string_view content_role(std::string_view role) {
  if (role == "developer") return "system";
  return role == "function" ? std::string_view("tool") : role;
}

}  // namespace archestra::providers::openai
