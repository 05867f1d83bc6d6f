// Parts of the description in openapi.h.
#pragma once

#include <string_view>

namespace archestra::api {

/// Members of the description's objects of these names, without a comma at the end; "" for none.
struct OpenApiPart {
  std::string_view paths;
  std::string_view responses;
  std::string_view schemas;
};

OpenApiPart openapi_session();
OpenApiPart openapi_agents();
OpenApiPart openapi_policies();
OpenApiPart openapi_settings();
/// Recent calls, too.
OpenApiPart openapi_statistics();

}  // namespace archestra::api
