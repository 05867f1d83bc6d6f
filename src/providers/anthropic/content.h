// What messages say, as content.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "providers/content.h"

namespace archestra::providers::anthropic {

RequestContent read_request_content(std::string_view body, std::size_t slack, ContentBounds bounds);
std::unique_ptr<ContentReader> make_content_reader(ContentBounds bounds);

}  // namespace archestra::providers::anthropic
