// The description of the platform API, OpenAPI 3.1, as it is served at /api/openapi.json. Constant data; a
// test compares it with routes.h.
#pragma once

#include <string_view>

namespace archestra::api {

std::string_view openapi_document();

}  // namespace archestra::api
