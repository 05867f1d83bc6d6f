// What generateContent and its stream say, as content.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "providers/content.h"
#include "providers/json_view.h"

namespace archestra::providers::gemini {

RequestContent read_request_content(std::string_view body, std::size_t slack, ContentBounds bounds);
std::unique_ptr<ContentReader> make_content_reader(ContentBounds bounds);

/// A part of either, which both write alike; its text is `bytes_max` long at most, and a little. Nothing
/// where it makes no sense.
std::optional<ContentPart> read_part(json::View part, std::size_t bytes_max);

}  // namespace archestra::providers::gemini
