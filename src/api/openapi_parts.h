// Parts of the description in openapi.h: members of its objects, without a comma at the end.
#pragma once

#include <string_view>

namespace archestra::api {

/// Of tools and policies.
std::string_view openapi_policy_paths();
std::string_view openapi_policy_responses();
std::string_view openapi_policy_schemas();

}  // namespace archestra::api
