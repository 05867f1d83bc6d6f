#include "api/openapi.h"

#include <string>

#include "api/openapi_parts.h"

namespace archestra::api {

namespace {

// Up to the end of its paths; those of tools and policies come next.
constexpr std::string_view kPaths = R"json({
  "openapi": "3.1.0",
  "info": {
    "title": "Archestra Platform API",
    "version": ")json" ARCHESTRA_VERSION R"json(",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "description": "A write is answered once it is stored and every thread that serves calls uses it: the very next call sees the change. A gateway that has too much to do answers any of this with 503 and Retry-After."
  },
  "security": [{"adminToken": []}],
  "paths": {
    "/api/agents": {
      "get": {
        "operationId": "listAgents",
        "summary": "List agents",
        "parameters": [
          {"$ref": "#/components/parameters/limit"},
          {"$ref": "#/components/parameters/offset"},
          {"name": "sortBy", "in": "query", "schema": {"enum": ["name", "createdAt", "updatedAt"], "default": "name"}},
          {"name": "sortDirection", "in": "query", "schema": {"enum": ["asc", "desc"], "default": "asc"}},
          {"name": "search", "in": "query", "description": "Part of a name; the case of ASCII letters does not matter.", "schema": {"type": "string"}}
        ],
        "responses": {
          "200": {
            "description": "A page of agents",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data", "pagination"],
              "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}},
                "pagination": {"$ref": "#/components/schemas/Pagination"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      },
      "post": {
        "operationId": "createAgent",
        "summary": "Make an agent",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "allOf": [{"$ref": "#/components/schemas/AgentFields"}],
            "required": ["name"]
          }}}
        },
        "responses": {
          "201": {
            "description": "The agent",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Agent"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "409": {"$ref": "#/components/responses/Error"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/agents/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
      "get": {
        "operationId": "getAgent",
        "summary": "Show an agent",
        "responses": {
          "200": {"$ref": "#/components/responses/Agent"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"}
        }
      },
      "put": {
        "operationId": "updateAgent",
        "summary": "Change the fields that are given; the others stay as they are",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AgentFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Agent"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "delete": {
        "operationId": "deleteAgent",
        "summary": "Delete an agent, unless it is the default one",
        "responses": {
          "204": {"description": "It is gone"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"},
          "409": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/log-levels": {
      "get": {
        "operationId": "getLogLevels",
        "summary": "Show what is logged",
        "responses": {
          "200": {"$ref": "#/components/responses/LogLevels"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      },
      "put": {
        "operationId": "setLogLevels",
        "summary": "Set the levels that are given, until the process ends",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LogLevels"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/LogLevels"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/agents/labels/keys": {
      "get": {
        "operationId": "listLabelKeys",
        "summary": "List the label keys that agents have",
        "parameters": [{"$ref": "#/components/parameters/limit"}, {"$ref": "#/components/parameters/offset"}],
        "responses": {
          "200": {"$ref": "#/components/responses/Texts"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/agents/labels/values": {
      "get": {
        "operationId": "listLabelValues",
        "summary": "List the values that agents have for one label key",
        "parameters": [
          {"name": "key", "in": "query", "required": true, "schema": {"type": "string"}},
          {"$ref": "#/components/parameters/limit"},
          {"$ref": "#/components/parameters/offset"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Texts"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },)json";

constexpr std::string_view kComponents = R"json(
  },
  "components": {
    "securitySchemes": {"adminToken": {"type": "http", "scheme": "bearer"}},
    "parameters": {
      "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}},
      "offset": {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 1000000000, "default": 0}}
    },
    "responses": {)json";

// They begin with those of tools and policies, as the schemas do.
constexpr std::string_view kResponses = R"json(,
      "Agent": {
        "description": "The agent",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Agent"}}}
      },
      "LogLevels": {
        "description": "The levels of both logs",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LogLevels"}}}
      },
      "Texts": {
        "description": "A page of texts, sorted",
        "content": {"application/json": {"schema": {
          "type": "object",
          "required": ["data", "pagination"],
          "properties": {
            "data": {"type": "array", "items": {"type": "string"}},
            "pagination": {"$ref": "#/components/schemas/Pagination"}
          }
        }}}
      },
      "Unauthorized": {
        "description": "The admin token is missing or is not the valid one",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Error": {
        "description": "Nothing was changed, and why",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      }
    },
    "schemas": {)json";

constexpr std::string_view kSchemas = R"json(,
      "AgentFields": {
        "type": "object",
        "unevaluatedProperties": false,
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 255},
          "labels": {
            "type": "array",
            "maxItems": 32,
            "description": "All labels of the agent: what is not in the list is gone. Keys that collide with another label of metrics or spans are refused.",
            "items": {"$ref": "#/components/schemas/Label"}
          },
          "considerContextUntrusted": {"type": "boolean", "default": false},
          "denyToolsInUntrustedContext": {"type": "boolean", "default": false},
          "onClientDisconnect": {"$ref": "#/components/schemas/OnClientDisconnect"},
          "captureContent": {"type": "boolean", "default": false}
        }
      },
      "Agent": {
        "type": "object",
        "required": ["id", "name", "isDefault", "labels", "considerContextUntrusted", "denyToolsInUntrustedContext", "onClientDisconnect", "captureContent", "createdAt", "updatedAt"],
        "properties": {
          "id": {"type": "string", "format": "uuid"},
          "name": {"type": "string"},
          "isDefault": {"type": "boolean", "description": "It handles the calls whose path names no agent."},
          "labels": {"type": "array", "items": {"$ref": "#/components/schemas/Label"}},
          "considerContextUntrusted": {"type": "boolean"},
          "denyToolsInUntrustedContext": {"type": "boolean"},
          "onClientDisconnect": {"$ref": "#/components/schemas/OnClientDisconnect"},
          "captureContent": {"type": "boolean"},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        }
      },
      "Label": {
        "type": "object",
        "required": ["key", "value"],
        "properties": {
          "key": {"type": "string", "minLength": 1, "maxLength": 63},
          "value": {"type": "string", "maxLength": 255}
        }
      },
      "OnClientDisconnect": {
        "description": "Whether the provider's answer is broken off when the client leaves, or read on for its usage.",
        "oneOf": [
          {
            "type": "object",
            "required": ["action"],
            "properties": {"action": {"const": "cancel"}},
            "additionalProperties": false
          },
          {
            "type": "object",
            "required": ["action", "seconds"],
            "properties": {"action": {"const": "drain"}, "seconds": {"type": "integer", "minimum": 1, "maximum": 3600}},
            "additionalProperties": false
          }
        ]
      },
      "LogLevels": {
        "type": "object",
        "properties": {
          "log": {"description": "The process's own log", "$ref": "#/components/schemas/LogLevel"},
          "accessLog": {"description": "The log of calls; debug adds requests that are no LLM calls", "$ref": "#/components/schemas/LogLevel"}
        },
        "additionalProperties": false
      },
      "LogLevel": {"enum": ["debug", "info", "warn", "error", "off"]},
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
      }
    }
  }
}
)json";

std::string document() {
  std::string text;
  for (const std::string_view part : {kPaths, openapi_policy_paths(), kComponents, openapi_policy_responses(),
                                      kResponses, openapi_policy_schemas(), kSchemas})
    text += part;
  return text;
}

}  // namespace

std::string_view openapi_document() {
  static const std::string kDocument = document();
  return kDocument;
}

}  // namespace archestra::api
