#include "api/openapi.h"

#include <string>

#include "api/openapi_parts.h"

namespace archestra::api {

namespace {

constexpr std::string_view kHead = R"json({
  "openapi": "3.1.0",
  "info": {
    "title": "Archestra Platform API",
    "version": ")json" ARCHESTRA_VERSION R"json(",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "description": "A write is answered once it is stored and every thread that serves calls uses it: the very next call sees the change. A gateway that has too much to do answers any of this with 503 and Retry-After.\n\nPrograms send the admin token as a bearer token. Pages sign in with it at /api/session, for a cookie; what they do with that besides reading wants the header X-CSRF-Token, and counts only where it comes from a page of the gateway's own."
  },
  "security": [{"adminToken": []}, {"session": []}],
  "paths": {
    "/api/openapi.json": {
      "get": {
        "operationId": "getOpenApi",
        "summary": "Show this description",
        "security": [],
        "responses": {
          "200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}
        }
      }
    },)json";

constexpr std::string_view kComponents = R"json(
  },
  "components": {
    "securitySchemes": {
      "adminToken": {"type": "http", "scheme": "bearer"},
      "session": {"type": "apiKey", "in": "cookie", "name": "archestra_session"}
    },
    "parameters": {
      "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}},
      "offset": {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 1000000000, "default": 0}}
    },
    "responses": {
      "Unauthorized": {
        "description": "There is neither a valid admin token nor a session (unauthorized), or the session is over (session_expired)",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Forbidden": {
        "description": "With a session: X-CSRF-Token is missing (csrf_token_missing) or not the session's (csrf_token_wrong), or the request is from a page of another origin (cross_site)",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "TooManyAttempts": {
        "description": "Too many wrong tokens came from this client's address (too_many_attempts)",
        "headers": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds until the next attempt"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Error": {
        "description": "Nothing was changed, and why",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      })json";

constexpr std::string_view kSchemas = R"json(
    },
    "schemas": {
      "Pagination": {
        "type": "object",
        "required": ["limit", "offset", "total"],
        "properties": {
          "limit": {"type": "integer"},
          "offset": {"type": "integer"},
          "total": {"type": "integer", "description": "How many there are in all pages"}
        }
      },
      "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
          "error": {
            "type": "object",
            "required": ["message", "type"],
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}}
          }
        }
      })json";

constexpr std::string_view kEnd = R"json(
    }
  }
}
)json";

// What all parts have of one object, each in front of or behind others.
std::string members(std::string_view OpenApiPart::* of) {
  std::string text;
  for (const OpenApiPart& part :
       {openapi_session(), openapi_agents(), openapi_policies(), openapi_statistics(), openapi_settings()}) {
    if (!text.empty() && !(part.*of).empty()) text += ',';
    text += part.*of;
  }
  return text;
}

std::string document() {
  std::string text(kHead);
  text.append(members(&OpenApiPart::paths)).append(kComponents);
  text.append(",").append(members(&OpenApiPart::responses)).append(kSchemas);
  return text.append(",").append(members(&OpenApiPart::schemas)).append(kEnd);
}

}  // namespace

std::string_view openapi_document() {
  static const std::string kDocument = document();
  return kDocument;
}

}  // namespace archestra::api
