#include "api/openapi_parts.h"

namespace archestra::api {

OpenApiPart openapi_agents() {
  return {.paths = R"json(
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
          "403": {"$ref": "#/components/responses/Forbidden"},
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
          "403": {"$ref": "#/components/responses/Forbidden"},
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
          "403": {"$ref": "#/components/responses/Forbidden"},
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
          "403": {"$ref": "#/components/responses/Forbidden"},
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
    "/api/agents/labels/check": {
      "post": {
        "operationId": "checkLabels",
        "summary": "Say what becomes of labels in metrics and spans, and what is wrong with them; nothing is changed",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["labels"],
            "properties": {"labels": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/LabelDraft"}}},
            "additionalProperties": false
          }}}
        },
        "responses": {
          "200": {
            "description": "One item for each label, in the same order",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["labels", "problem"],
              "properties": {
                "labels": {"type": "array", "items": {"$ref": "#/components/schemas/LabelCheck"}},
                "problem": {"type": ["string", "null"], "description": "What is wrong with all of them together: there are too many"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"}
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
    })json",
          .responses = R"json(
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
      })json",
          .schemas = R"json(
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
      "LabelDraft": {
        "type": "object",
        "required": ["key", "value"],
        "properties": {"key": {"type": "string"}, "value": {"type": "string"}},
        "additionalProperties": false
      },
      "LabelCheck": {
        "type": "object",
        "required": ["key", "metricLabel", "spanAttribute", "problem"],
        "properties": {
          "key": {"type": "string"},
          "metricLabel": {"type": ["string", "null"], "description": "The name of the label in metrics; null while there is no key"},
          "spanAttribute": {"type": ["string", "null"], "description": "The name of the attribute of spans"},
          "problem": {"type": ["string", "null"], "description": "Why an agent cannot have it, or null"}
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
      "LogLevel": {"enum": ["debug", "info", "warn", "error", "off"]})json"};
}

}  // namespace archestra::api
