// What OpenAI's operations say, as content: chat completions (the older completions too) and responses.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "providers/content.h"
#include "providers/json_view.h"

namespace archestra::providers::openai {

RequestContent chat_request_content(std::string_view body, std::size_t slack, ContentBounds bounds);
RequestContent responses_request_content(std::string_view body, std::size_t slack, ContentBounds bounds);

std::unique_ptr<ContentReader> make_chat_content(ContentBounds bounds);
std::unique_ptr<ContentReader> make_responses_content(ContentBounds bounds);

/// Adds a message's content: a text, or a list of parts, which both kinds of requests write alike.
void add_content_parts(ContentList& list, json::View content);
/// Adds a tool's result: its texts as one, and what is besides them as parts of their own.
void add_tool_response(ContentList& list, json::View id, json::View content);
/// What is `tools` and `functions` in both.
void add_tool_definitions(RequestContent& content, json::View tools, json::View functions);
/// What the role is in the conventions.
std::string_view content_role(std::string_view role);

}  // namespace archestra::providers::openai
