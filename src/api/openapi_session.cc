#include "api/openapi_parts.h"

namespace archestra::api {

OpenApiPart openapi_session() {
  return {.paths = R"json(
    "/api/session": {
      "post": {
        "operationId": "signIn",
        "summary": "Sign in with the admin token, for a session in a cookie",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["token"],
            "properties": {"token": {"type": "string"}},
            "additionalProperties": false
          }}}
        },
        "responses": {
          "201": {
            "description": "The session. A session that the request came with is over.",
            "headers": {"Set-Cookie": {"schema": {"type": "string"}, "description": "HttpOnly, SameSite=Strict, and Secure where the gateway is reached by https"}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/InvalidToken"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "429": {"$ref": "#/components/responses/TooManyAttempts"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "get": {
        "operationId": "getSession",
        "summary": "Show the session that the request comes with",
        "security": [{"session": []}],
        "responses": {
          "200": {
            "description": "The session",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}
          },
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "delete": {
        "operationId": "signOut",
        "summary": "End the session that the request comes with",
        "security": [{"session": []}],
        "responses": {
          "204": {
            "description": "It is over",
            "headers": {"Set-Cookie": {"schema": {"type": "string"}, "description": "Has the browser forget the cookie"}}
          },
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      }
    })json",
          .responses = R"json(
      "InvalidToken": {
        "description": "This is not the admin token (invalid_token)",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      })json",
          .schemas = R"json(
      "Session": {
        "type": "object",
        "required": ["expiresAt", "csrfToken"],
        "properties": {
          "expiresAt": {"type": "string", "format": "date-time"},
          "csrfToken": {"type": "string", "description": "For the header X-CSRF-Token of requests that do not only read; the same for as long as the session lasts"}
        }
      })json"};
}

}  // namespace archestra::api
