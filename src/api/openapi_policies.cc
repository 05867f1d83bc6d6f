#include "api/openapi_parts.h"

namespace archestra::api {

OpenApiPart openapi_policies() {
  return {.paths = R"json(
    "/api/tools": {
      "get": {
        "operationId": "listTools",
        "summary": "List the tools that agents declared in their requests",
        "parameters": [
          {"$ref": "#/components/parameters/limit"},
          {"$ref": "#/components/parameters/offset"},
          {"name": "sortBy", "in": "query", "schema": {"enum": ["name", "createdAt", "updatedAt"], "default": "name"}},
          {"name": "sortDirection", "in": "query", "schema": {"enum": ["asc", "desc"], "default": "asc"}},
          {"name": "agentId", "in": "query", "description": "Only those of this agent.", "schema": {"type": "string", "format": "uuid"}},
          {"name": "search", "in": "query", "description": "Part of a name; the case of ASCII letters does not matter.", "schema": {"type": "string"}}
        ],
        "responses": {
          "200": {
            "description": "A page of tools, without their parameters",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data", "pagination"],
              "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Tool"}},
                "pagination": {"$ref": "#/components/schemas/Pagination"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/tools/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
      "get": {
        "operationId": "getTool",
        "summary": "Show a tool with its parameters",
        "responses": {
          "200": {"$ref": "#/components/responses/Tool"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "put": {
        "operationId": "updateTool",
        "summary": "Change the settings that are given; the others stay as they are",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ToolFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Tool"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/Error"},
          "409": {"$ref": "#/components/responses/Error"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "delete": {
        "operationId": "deleteTool",
        "summary": "Forget a tool with its settings, until it is declared again",
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
    "/api/tool-invocation-policies": {
      "get": {
        "operationId": "listToolInvocationPolicies",
        "summary": "List tool invocation policies",
        "parameters": [
          {"$ref": "#/components/parameters/limit"},
          {"$ref": "#/components/parameters/offset"},
          {"name": "sortBy", "in": "query", "schema": {"enum": ["tool", "createdAt", "updatedAt"], "default": "createdAt"}},
          {"name": "sortDirection", "in": "query", "schema": {"enum": ["asc", "desc"], "default": "asc"}},
          {"name": "agentId", "in": "query", "description": "Only those of this agent, or, for null, those of all agents.", "schema": {"oneOf": [{"type": "string", "format": "uuid"}, {"const": "null"}]}},
          {"name": "tool", "in": "query", "description": "Only those of the tool with exactly this name.", "schema": {"type": "string"}}
        ],
        "responses": {
          "200": {
            "description": "A page of policies",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data", "pagination"],
              "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/ToolInvocationPolicy"}},
                "pagination": {"$ref": "#/components/schemas/Pagination"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      },
      "post": {
        "operationId": "createToolInvocationPolicy",
        "summary": "Make a tool invocation policy",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "allOf": [{"$ref": "#/components/schemas/ToolInvocationPolicyFields"}],
            "required": ["tool", "action"]
          }}}
        },
        "responses": {
          "201": {
            "description": "The policy",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ToolInvocationPolicy"}}}
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
    "/api/tool-invocation-policies/check": {
      "post": {
        "operationId": "checkToolInvocationPolicy",
        "summary": "Say what is wrong with the draft of a tool invocation policy; nothing is stored",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ToolInvocationPolicyFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/PolicyCheck"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/tool-invocation-policies/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
      "get": {
        "operationId": "getToolInvocationPolicy",
        "summary": "Show a tool invocation policy",
        "responses": {
          "200": {"$ref": "#/components/responses/ToolInvocationPolicy"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"}
        }
      },
      "put": {
        "operationId": "updateToolInvocationPolicy",
        "summary": "Change the fields that are given; the others stay as they are",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ToolInvocationPolicyFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/ToolInvocationPolicy"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/Error"},
          "409": {"$ref": "#/components/responses/Error"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "delete": {
        "operationId": "deleteToolInvocationPolicy",
        "summary": "Delete a tool invocation policy",
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
    "/api/trusted-data-policies": {
      "get": {
        "operationId": "listTrustedDataPolicies",
        "summary": "List trusted data policies",
        "parameters": [
          {"$ref": "#/components/parameters/limit"},
          {"$ref": "#/components/parameters/offset"},
          {"name": "sortBy", "in": "query", "schema": {"enum": ["tool", "createdAt", "updatedAt"], "default": "createdAt"}},
          {"name": "sortDirection", "in": "query", "schema": {"enum": ["asc", "desc"], "default": "asc"}},
          {"name": "agentId", "in": "query", "description": "Only those of this agent, or, for null, those of all agents.", "schema": {"oneOf": [{"type": "string", "format": "uuid"}, {"const": "null"}]}},
          {"name": "tool", "in": "query", "description": "Only those of the tool with exactly this name.", "schema": {"type": "string"}}
        ],
        "responses": {
          "200": {
            "description": "A page of policies",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data", "pagination"],
              "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/TrustedDataPolicy"}},
                "pagination": {"$ref": "#/components/schemas/Pagination"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      },
      "post": {
        "operationId": "createTrustedDataPolicy",
        "summary": "Make a trusted data policy",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {
            "allOf": [{"$ref": "#/components/schemas/TrustedDataPolicyFields"}],
            "required": ["tool", "action"]
          }}}
        },
        "responses": {
          "201": {
            "description": "The policy",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TrustedDataPolicy"}}}
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
    "/api/trusted-data-policies/check": {
      "post": {
        "operationId": "checkTrustedDataPolicy",
        "summary": "Say what is wrong with the draft of a trusted data policy; nothing is stored",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TrustedDataPolicyFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/PolicyCheck"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/trusted-data-policies/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
      "get": {
        "operationId": "getTrustedDataPolicy",
        "summary": "Show a trusted data policy",
        "responses": {
          "200": {"$ref": "#/components/responses/TrustedDataPolicy"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"}
        }
      },
      "put": {
        "operationId": "updateTrustedDataPolicy",
        "summary": "Change the fields that are given; the others stay as they are",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TrustedDataPolicyFields"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/TrustedDataPolicy"},
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/Error"},
          "409": {"$ref": "#/components/responses/Error"},
          "413": {"$ref": "#/components/responses/Error"},
          "415": {"$ref": "#/components/responses/Error"},
          "500": {"$ref": "#/components/responses/Error"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      },
      "delete": {
        "operationId": "deleteTrustedDataPolicy",
        "summary": "Delete a trusted data policy",
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
    "/api/policy-operators": {
      "get": {
        "operationId": "listPolicyOperators",
        "summary": "List the operators of conditions",
        "responses": {
          "200": {
            "description": "All of them",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data"],
              "properties": {
                "data": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": ["name", "description"],
                    "properties": {"name": {"$ref": "#/components/schemas/Operator"}, "description": {"type": "string"}}
                  }
                }
              }
            }}}
          },
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/policies/status": {
      "get": {
        "operationId": "getPolicyStatus",
        "summary": "Show whether the policies that are stored are those in force",
        "responses": {
          "200": {
            "description": "What is in force, and why it is not what is stored, if it is not",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["loaded", "policies", "error"],
              "properties": {
                "loaded": {"type": "string", "format": "date-time", "description": "Since when those in force are"},
                "policies": {"type": "integer", "description": "How many are in force, of both kinds"},
                "error": {
                  "oneOf": [
                    {"type": "null"},
                    {
                      "type": "object",
                      "description": "The store has what cannot be used. What is in force is older.",
                      "required": ["id", "message", "since"],
                      "properties": {
                        "id": {"type": ["string", "null"], "description": "Of the policy or tool at fault; null where it is the store"},
                        "message": {"type": "string"},
                        "since": {"type": "string", "format": "date-time"}
                      }
                    }
                  ]
                }
              }
            }}}
          },
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    })json",
          .responses = R"json(
      "PolicyCheck": {
        "description": "What making it would be refused for",
        "content": {"application/json": {"schema": {
          "type": "object",
          "required": ["problem"],
          "properties": {"problem": {"type": ["string", "null"], "description": "A sentence that names the field, or null"}}
        }}}
      },
      "Tool": {
        "description": "The tool",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tool"}}}
      },
      "ToolInvocationPolicy": {
        "description": "The policy",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ToolInvocationPolicy"}}}
      },
      "TrustedDataPolicy": {
        "description": "The policy",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TrustedDataPolicy"}}}
      })json",
          .schemas = R"json(
      "Operator": {"enum": ["equal", "notEqual", "contains", "notContains", "startsWith", "endsWith", "regex"]},
      "Condition": {
        "type": "object",
        "required": ["key", "operator", "value"],
        "properties": {
          "key": {"type": "string", "maxLength": 512, "description": "Where in the arguments, or in the result, the value is that is compared: to[0].address, emails[*].from; nothing for the whole"},
          "operator": {"$ref": "#/components/schemas/Operator"},
          "value": {"type": "string", "maxLength": 8192}
        },
        "additionalProperties": false
      },
      "InvocationAction": {"enum": ["block_always", "block_when_context_is_untrusted", "allow_when_context_is_untrusted"]},
      "TrustAction": {"enum": ["mark_as_trusted", "mark_as_untrusted", "block_always"]},
      "ToolInvocationPolicyFields": {
        "type": "object",
        "unevaluatedProperties": false,
        "properties": {
          "agentId": {"description": "null: all agents", "oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}], "default": null},
          "tool": {"type": "string", "minLength": 1, "maxLength": 256, "description": "The name that the model calls it by"},
          "conditions": {
            "type": "array",
            "maxItems": 32,
            "default": [],
            "description": "All conditions of the policy: what is not in the list is gone. All of them have to hold; without any it always does.",
            "items": {"$ref": "#/components/schemas/Condition"}
          },
          "action": {"$ref": "#/components/schemas/InvocationAction"},
          "reason": {"type": "string", "maxLength": 1000, "default": "", "description": "Told to the model and to the user"},
          "mode": {"enum": ["enforce", "observe"], "default": "enforce", "description": "Whether it decides, or only shows what it would have decided"}
        }
      },
      "ToolInvocationPolicy": {
        "type": "object",
        "required": ["id", "agentId", "tool", "conditions", "action", "reason", "mode", "createdAt", "updatedAt"],
        "properties": {
          "id": {"type": "string", "format": "uuid"},
          "agentId": {"description": "null: all agents", "oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
          "tool": {"type": "string"},
          "conditions": {"type": "array", "items": {"$ref": "#/components/schemas/Condition"}},
          "action": {"$ref": "#/components/schemas/InvocationAction"},
          "reason": {"type": "string"},
          "mode": {"enum": ["enforce", "observe"]},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        }
      },
      "TrustedDataPolicyFields": {
        "type": "object",
        "unevaluatedProperties": false,
        "properties": {
          "agentId": {"description": "null: all agents", "oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}], "default": null},
          "tool": {"type": "string", "minLength": 1, "maxLength": 256, "description": "The name that the model calls it by"},
          "conditions": {
            "type": "array",
            "maxItems": 32,
            "default": [],
            "description": "All conditions of the policy: what is not in the list is gone. All of them have to hold; without any it always does.",
            "items": {"$ref": "#/components/schemas/Condition"}
          },
          "action": {"$ref": "#/components/schemas/TrustAction"},
          "description": {"type": "string", "maxLength": 1000, "default": "", "description": "Stands in the place of a result that is blocked"}
        }
      },
      "TrustedDataPolicy": {
        "type": "object",
        "required": ["id", "agentId", "tool", "conditions", "action", "description", "createdAt", "updatedAt"],
        "properties": {
          "id": {"type": "string", "format": "uuid"},
          "agentId": {"description": "null: all agents", "oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
          "tool": {"type": "string"},
          "conditions": {"type": "array", "items": {"$ref": "#/components/schemas/Condition"}},
          "action": {"$ref": "#/components/schemas/TrustAction"},
          "description": {"type": "string"},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        }
      },
      "ResultTreatment": {"enum": ["trusted", "untrusted"], "description": "What a result is that no trusted data policy marks"},
      "ToolFields": {
        "type": "object",
        "unevaluatedProperties": false,
        "properties": {
          "resultTreatment": {"$ref": "#/components/schemas/ResultTreatment"},
          "usableWithUntrustedData": {"type": "boolean", "description": "Whether it may be called in an untrusted context although its agent denies that"}
        }
      },
      "Tool": {
        "type": "object",
        "required": ["id", "agentId", "name", "description", "resultTreatment", "usableWithUntrustedData", "createdAt", "updatedAt"],
        "properties": {
          "id": {"type": "string", "format": "uuid"},
          "agentId": {"type": "string", "format": "uuid"},
          "name": {"type": "string"},
          "description": {"type": "string"},
          "parameters": {"description": "Its JSON schema as it was declared last; null for none. Not in lists."},
          "resultTreatment": {"$ref": "#/components/schemas/ResultTreatment"},
          "usableWithUntrustedData": {"type": "boolean"},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        }
      })json"};
}

}  // namespace archestra::api
