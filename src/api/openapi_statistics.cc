#include <string>

#include "api/openapi_parts.h"

namespace archestra::api {

namespace {

constexpr std::string_view kPaths = R"json(
    "/api/statistics/overview": {
      "get": {
        "operationId": "getStatisticsOverview",
        "summary": "Show the calls of the last minutes as series, in all and by group",
        "description": "Every call counts, also one that was refused, at the time it ended, whatever is sampled or logged. The figures are defined as those of the metrics. They are kept in memory alone: what was before the start of the gateway is not known, and what is older than a day is forgotten, earlier where memory for it is short.",
        "parameters": [
          {"name": "minutes", "in": "query", "description": "How far back.", "schema": {"type": "integer", "enum": [15, 60, 360, 1440], "default": 60}},
          {"name": "groupBy", "in": "query", "description": "none, provider, model, agent, or label: and the key of a label.", "schema": {"type": "string", "pattern": "^(none|provider|model|agent|label:.+)$", "default": "none"}},
          {"name": "provider", "in": "query", "description": "Only calls to this provider.", "schema": {"type": "string"}},
          {"name": "model", "in": "query", "description": "Only calls of this model, as the label `model` of the metrics says it: unknown where the provider did not accept the call.", "schema": {"type": "string"}},
          {"name": "agentId", "in": "query", "description": "Only calls for this agent: its id, or unknown for calls of which no agent is known.", "schema": {"type": "string"}},
          {"name": "label", "in": "query", "description": "Only calls whose agent had this label when they were made: key:value.", "schema": {"type": "string", "pattern": "^.+:.*$"}}
        ],
        "responses": {
          "200": {
            "description": "The series",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StatisticsOverview"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/statistics/agents": {
      "get": {
        "operationId": "getStatisticsOfAgents",
        "summary": "Show how many calls each agent had, for spark lines",
        "description": "Agents without a call in this time are not in the list.",
        "parameters": [{"name": "minutes", "in": "query", "description": "How far back.", "schema": {"type": "integer", "enum": [15, 60, 360, 1440], "default": 60}}],
        "responses": {
          "200": {
            "description": "The agents",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StatisticsOfAgents"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/statistics/dimensions": {
      "get": {
        "operationId": "getStatisticsDimensions",
        "summary": "List what the calls of the last day can be grouped and filtered by",
        "responses": {
          "200": {
            "description": "Texts, each list sorted",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["providers", "models", "labelKeys"],
              "properties": {
                "providers": {"type": "array", "items": {"type": "string"}},
                "models": {"type": "array", "items": {"type": "string"}},
                "labelKeys": {"type": "array", "items": {"type": "string"}}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/metrics/cardinality": {
      "get": {
        "operationId": "getMetricsCardinality",
        "summary": "Show what the series of the metrics are of",
        "description": "Series are counted as telemetry_series does: a histogram or a summary is one, whatever its number of lines.",
        "parameters": [{"name": "limit", "in": "query", "description": "How many sets are shown.", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}}],
        "responses": {
          "200": {
            "description": "The counts",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MetricsCardinality"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/live": {
      "get": {
        "operationId": "watchLive",
        "summary": "Watch the figures of each second as they come",
        "description": "Server-sent events: `history` once, whose data is LiveHistory, with the last two minutes; then `second` each second, whose data is LiveSecond. A reader that is too slow misses seconds. The stream ends by itself after some minutes, and when the gateway stops; an EventSource then connects again.",
        "responses": {
          "200": {
            "description": "The events. This is the data of one of them.",
            "content": {"text/event-stream": {"schema": {
              "oneOf": [{"$ref": "#/components/schemas/LiveHistory"}, {"$ref": "#/components/schemas/LiveSecond"}]
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "503": {"$ref": "#/components/responses/Error"}
        }
      }
    },
    "/api/recent-calls": {
      "get": {
        "operationId": "listRecentCalls",
        "summary": "List the last calls, the newest first",
        "description": "Every call is there for a while, also one that was refused, whatever is sampled or logged. They are kept in memory alone, as many as have room.",
        "parameters": [
          {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
          {"name": "before", "in": "query", "description": "What `next` of the page before said.", "schema": {"type": "string", "pattern": "^[0-9]{1,19}$"}},
          {"name": "provider", "in": "query", "schema": {"type": "string"}},
          {"name": "model", "in": "query", "description": "The model that was asked for, or what the label `model` of the metrics says: unknown where the provider did not accept the call.", "schema": {"type": "string"}},
          {"name": "agentId", "in": "query", "description": "The id of an agent, or unknown for calls of which no agent is known.", "schema": {"type": "string"}},
          {"name": "outcome", "in": "query", "schema": {"$ref": "#/components/schemas/Outcome"}},
          {"name": "session", "in": "query", "schema": {"type": "string"}},
          {"name": "user", "in": "query", "schema": {"type": "string"}},
          {"name": "run", "in": "query", "schema": {"type": "string"}},
          {"name": "traceId", "in": "query", "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
          {"name": "blocked", "in": "query", "description": "Whether a policy blocked tool calls of its answer.", "schema": {"type": "boolean"}},
          {"name": "stream", "in": "query", "schema": {"type": "boolean"}},
          {"name": "minDuration", "in": "query", "description": "In seconds; calls that took as long or longer.", "schema": {"type": "number", "minimum": 0}},
          {"name": "label", "in": "query", "description": "A label that the call's agent had: key:value.", "schema": {"type": "string", "pattern": "^.+:.*$"}}
        ],
        "responses": {
          "200": {
            "description": "A page of calls",
            "content": {"application/json": {"schema": {
              "type": "object",
              "required": ["data", "pagination", "held", "capacity", "oldestAt"],
              "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Call"}},
                "pagination": {
                  "type": "object",
                  "required": ["limit", "next"],
                  "properties": {
                    "limit": {"type": "integer"},
                    "next": {"type": ["string", "null"], "description": "For `before`, where there may be more"}
                  }
                },
                "held": {"type": "integer", "description": "How many calls are held, whatever was asked for"},
                "capacity": {"type": "integer", "description": "How many can be held at most; fewer where they are large"},
                "oldestAt": {"type": ["string", "null"], "format": "date-time", "description": "When the oldest of them began"}
              }
            }}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    },
    "/api/recent-calls/{id}": {
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/CallId"}}],
      "get": {
        "operationId": "getRecentCall",
        "summary": "Show one of the last calls with its tries",
        "responses": {
          "200": {
            "description": "The call",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CallDetails"}}}
          },
          "400": {"$ref": "#/components/responses/Error"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "404": {"$ref": "#/components/responses/Error"}
        }
      }
    })json";

constexpr std::string_view kSchemas = R"json(
      "StatisticsOverview": {
        "type": "object",
        "required": ["from", "to", "knownFrom", "stepSeconds", "times", "groupBy", "all", "groups", "foldedGroups", "foldedCalls"],
        "properties": {
          "from": {"type": "string", "format": "date-time"},
          "to": {"type": "string", "format": "date-time", "description": "The end of the last step, which is not over yet"},
          "knownFrom": {"type": "string", "format": "date-time", "description": "What was before is not known, and zero or null in the series: the gateway began here, or had no room for more"},
          "stepSeconds": {"type": "integer"},
          "times": {"type": "array", "items": {"type": "integer"}, "description": "When each step begins, in Unix seconds. Every series has as many values."},
          "groupBy": {"type": "string"},
          "all": {"$ref": "#/components/schemas/Figures"},
          "groups": {
            "type": "array",
            "maxItems": 20,
            "description": "Those with the most calls, in this order; none with groupBy=none.",
            "items": {"$ref": "#/components/schemas/FigureGroup"}
          },
          "foldedGroups": {"type": "integer", "description": "How many more groups there are; their calls are in `all`"},
          "foldedCalls": {"type": "integer", "description": "How many of the calls are counted as __overflow__"}
        }
      },
      "MetricsCardinality": {
        "type": "object",
        "required": ["labelSets", "foldedCalls", "series", "metrics", "sets"],
        "properties": {
          "labelSets": {
            "type": "object",
            "description": "Places for label sets, with a model (model) and without (agent), and for names of tools (tool). What finds none is counted as __overflow__.",
            "required": ["model", "agent", "tool"],
            "properties": {
              "model": {"$ref": "#/components/schemas/LabelSetPlaces"},
              "agent": {"$ref": "#/components/schemas/LabelSetPlaces"},
              "tool": {"$ref": "#/components/schemas/LabelSetPlaces"}
            }
          },
          "foldedCalls": {"type": "integer", "description": "How many calls are counted as __overflow__"},
          "series": {"type": "integer", "description": "How many there are in all"},
          "metrics": {
            "type": "array",
            "description": "All that have any, the largest first",
            "items": {
              "type": "object",
              "required": ["name", "series"],
              "properties": {"name": {"type": "string"}, "series": {"type": "integer"}}
            }
          },
          "sets": {
            "type": "array",
            "maxItems": 100,
            "description": "The label sets of calls with the most series, the largest first: those with a model, and those of what an agent does whatever the model.",
            "items": {
              "type": "object",
              "required": ["labels", "series"],
              "properties": {
                "labels": {"type": "object", "description": "provider, model, agent_id, agent_name, and the agent's own, as they are on the metrics", "additionalProperties": {"type": "string"}},
                "series": {"type": "integer"}
              }
            }
          }
        }
      },
      "LabelSetPlaces": {
        "type": "object",
        "required": ["used", "max"],
        "properties": {"used": {"type": "integer"}, "max": {"type": "integer"}}
      },
      "Figures": {
        "type": "object",
        "required": ["totals", "series"],
        "properties": {
          "totals": {"$ref": "#/components/schemas/FigureTotals"},
          "series": {"$ref": "#/components/schemas/FigureSeries"}
        }
      },
      "FigureGroup": {
        "type": "object",
        "required": ["key", "name", "totals", "series"],
        "properties": {
          "key": {"type": "string", "description": "What a filter takes: a provider, a model, the id of an agent, the value of a label. Empty where agents lack the label; __overflow__ where there were too many to tell apart."},
          "name": {"type": "string", "description": "The key, or the name that the agent had last"},
          "totals": {"$ref": "#/components/schemas/FigureTotals"},
          "series": {"$ref": "#/components/schemas/FigureSeries"}
        }
      },
      "FigureTotals": {
        "type": "object",
        "required": ["calls", "errors", "inputTokens", "outputTokens", "blockedToolCalls", "latency", "timeToFirstToken", "gateway"],
        "properties": {
          "calls": {"type": "integer"},
          "errors": {"type": "integer", "description": "Calls that ended otherwise than completed or client_cancelled"},
          "inputTokens": {"type": "integer", "description": "As llm_tokens_total counts them: what the provider said, and no estimates"},
          "outputTokens": {"type": "integer"},
          "blockedToolCalls": {"type": "integer"},
          "latency": {"$ref": "#/components/schemas/Percentiles", "description": "Of the tries of calls, as llm_request_duration_seconds: a call that was refused has none."},
          "timeToFirstToken": {"$ref": "#/components/schemas/Percentiles"},
          "gateway": {"$ref": "#/components/schemas/Percentiles", "description": "What the gateway itself added to calls"}
        }
      },
      "FigureSeries": {
        "type": "object",
        "required": ["calls", "errors", "inputTokens", "outputTokens", "blockedToolCalls", "latency", "timeToFirstToken", "gateway"],
        "properties": {
          "calls": {"type": "array", "items": {"type": "integer"}},
          "errors": {"type": "array", "items": {"type": "integer"}},
          "inputTokens": {"type": "array", "items": {"type": "integer"}},
          "outputTokens": {"type": "array", "items": {"type": "integer"}},
          "blockedToolCalls": {"type": "array", "items": {"type": "integer"}},
          "latency": {"$ref": "#/components/schemas/PercentileSeries"},
          "timeToFirstToken": {"$ref": "#/components/schemas/PercentileSeries"},
          "gateway": {"$ref": "#/components/schemas/PercentileSeries"}
        }
      },
      "Percentiles": {
        "type": "object",
        "description": "In seconds, within 3 %; null where nothing was measured.",
        "required": ["p50", "p95", "p99"],
        "properties": {
          "p50": {"type": ["number", "null"]},
          "p95": {"type": ["number", "null"]},
          "p99": {"type": ["number", "null"]}
        }
      },
      "PercentileSeries": {
        "type": "object",
        "description": "In seconds, within 3 %; null where nothing was measured.",
        "required": ["p50", "p95", "p99"],
        "properties": {
          "p50": {"type": "array", "items": {"type": ["number", "null"]}},
          "p95": {"type": "array", "items": {"type": ["number", "null"]}},
          "p99": {"type": "array", "items": {"type": ["number", "null"]}}
        }
      },
      "StatisticsOfAgents": {
        "type": "object",
        "required": ["stepSeconds", "data"],
        "properties": {
          "stepSeconds": {"type": "integer"},
          "data": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["agentId", "calls", "totals"],
              "properties": {
                "agentId": {"type": "string", "description": "Its id, or unknown, or __overflow__"},
                "calls": {"type": "array", "items": {"type": "integer"}, "description": "In each step: 30 of them, 24 where minutes is 360 or 1440"},
                "totals": {
                  "type": "object",
                  "required": ["calls", "errors", "inputTokens", "outputTokens"],
                  "properties": {
                    "calls": {"type": "integer"},
                    "errors": {"type": "integer"},
                    "inputTokens": {"type": "integer"},
                    "outputTokens": {"type": "integer"}
                  }
                }
              }
            }
          }
        }
      },
      "LiveHistory": {
        "type": "object",
        "required": ["seconds"],
        "properties": {"seconds": {"type": "array", "maxItems": 120, "items": {"$ref": "#/components/schemas/LiveSecond"}}}
      },
      "LiveSecond": {
        "type": "object",
        "required": ["time", "calls", "errors", "inFlight", "inputTokens", "outputTokens", "blockedToolCalls", "latency", "timeToFirstToken", "gateway"],
        "properties": {
          "time": {"type": "integer", "description": "When it began, in Unix seconds"},
          "calls": {"type": "integer", "description": "That ended in it"},
          "errors": {"type": "integer"},
          "inFlight": {"type": "integer", "description": "Calls under way at its end"},
          "inputTokens": {"type": "integer"},
          "outputTokens": {"type": "integer"},
          "blockedToolCalls": {"type": "integer"},
          "latency": {"oneOf": [{"$ref": "#/components/schemas/Percentiles"}, {"type": "null"}]},
          "timeToFirstToken": {"oneOf": [{"$ref": "#/components/schemas/Percentiles"}, {"type": "null"}]},
          "gateway": {"oneOf": [{"$ref": "#/components/schemas/Percentiles"}, {"type": "null"}]}
        }
      },
      "Outcome": {"enum": ["completed", "upstream_error", "upstream_unreachable", "upstream_timeout", "upstream_truncated", "client_cancelled", "refused_auth", "refused_limit", "refused_overload", "invalid_request", "shutdown", "internal_error"]},
      "CallId": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The id of the call's SERVER span"},
      "Call": {
        "type": "object",
        "required": [)json";

// What a call has in lists, and with more in a page of its own.
constexpr std::string_view kCallRequired =
    R"json("id", "traceId", "startedAt", "duration", "provider", "operation", "model", "responseModel", "agent", "stream", "outcome", "statusCode", "errorType", "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens", "usageProvenance", "timeToFirstToken", "timeToFirstByte", "gateway", "tries", "toolCalls", "blockedToolCalls", "session", "run", "user", "clientAgent")json";
constexpr std::string_view kCallProperties = R"json(
          "id": {"$ref": "#/components/schemas/CallId"},
          "traceId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "startedAt": {"type": "string", "format": "date-time"},
          "duration": {"type": "number", "description": "In seconds, as all durations here: from the first byte of the request to the last of the answer"},
          "provider": {"type": "string"},
          "operation": {"type": "string", "description": "chat.completions; request where it only passes through"},
          "model": {"type": ["string", "null"], "description": "That was asked for"},
          "responseModel": {"type": ["string", "null"], "description": "That answered"},
          "agent": {"oneOf": [{"$ref": "#/components/schemas/CallAgent"}, {"type": "null"}]},
          "stream": {"type": "boolean"},
          "outcome": {"$ref": "#/components/schemas/Outcome"},
          "statusCode": {"type": "integer", "description": "What the client got; 499 where it left first"},
          "errorType": {"type": ["string", "null"]},
          "inputTokens": {"type": "integer"},
          "outputTokens": {"type": "integer"},
          "cacheReadTokens": {"type": "integer"},
          "cacheWriteTokens": {"type": "integer"},
          "reasoningTokens": {"type": "integer"},
          "usageProvenance": {"enum": ["provider", "estimate", "unknown"], "description": "Where the tokens are from; they are all 0 where it is unknown"},
          "timeToFirstToken": {"type": ["number", "null"], "description": "Of the last try, since it began, as the next one"},
          "timeToFirstByte": {"type": ["number", "null"], "description": "Until the client's socket took the first byte of the answer"},
          "gateway": {"type": "number", "description": "What the gateway itself added"},
          "tries": {"type": "integer"},
          "toolCalls": {"type": "integer", "description": "That the model asked for"},
          "blockedToolCalls": {"type": "integer"},
          "session": {"type": ["string", "null"], "description": "What the client says of itself, as the next three"},
          "run": {"type": ["string", "null"]},
          "user": {"type": ["string", "null"]},
          "clientAgent": {"type": ["string", "null"]})json";

constexpr std::string_view kBetweenCalls = R"json(],
        "properties": {)json";

constexpr std::string_view kDetails = R"json(
        }
      },
      "CallAgent": {
        "type": "object",
        "description": "As it was when the call began.",
        "required": ["id", "name", "labels"],
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "labels": {"type": "array", "items": {"$ref": "#/components/schemas/Label"}}
        }
      },
      "CallDetails": {
        "type": "object",
        "required": [)json";

constexpr std::string_view kDetailsRequired =
    R"json(, "method", "route", "urlPath", "clientAddress", "userAgent", "requestBytes", "responseBytes", "finishReasons", "responseId", "sampled", "tryDetails", "toolDecisions", "toolDecisionsLeftOut"],
        "properties": {)json";

constexpr std::string_view kDetailsProperties = R"json(,
          "method": {"type": "string"},
          "route": {"type": "string", "description": "Its template"},
          "urlPath": {"type": "string", "description": "As it was asked for, without its query"},
          "clientAddress": {"type": ["string", "null"]},
          "userAgent": {"type": ["string", "null"]},
          "requestBytes": {"type": "integer"},
          "responseBytes": {"type": "integer"},
          "finishReasons": {"type": "array", "items": {"type": "string"}},
          "responseId": {"type": ["string", "null"]},
          "sampled": {"type": "boolean", "description": "Whether its spans are recorded, and exported where export is on"},
          "tryDetails": {"type": "array", "items": {"$ref": "#/components/schemas/CallTry"}},
          "toolDecisions": {"type": "array", "items": {"$ref": "#/components/schemas/CallDecision"}},
          "toolDecisionsLeftOut": {"type": "integer", "description": "How many more there were"}
        }
      },
      "CallTry": {
        "type": "object",
        "description": "One exchange with the provider. Times are in seconds since it began.",
        "required": ["spanId", "startedAfter", "duration", "statusCode", "outcome", "errorType", "serverAddress", "serverPort", "timeToFirstByte", "timeToFirstByteSent", "timeToFirstToken", "timeToLastToken", "stallCount", "stalls", "retriedAfter"],
        "properties": {
          "spanId": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Of its CLIENT span"},
          "startedAfter": {"type": "number", "description": "Since the request began"},
          "duration": {"type": "number"},
          "statusCode": {"type": ["integer", "null"], "description": "Of the provider; null where no answer came"},
          "outcome": {"$ref": "#/components/schemas/Outcome"},
          "errorType": {"type": ["string", "null"]},
          "serverAddress": {"type": "string"},
          "serverPort": {"type": "integer"},
          "timeToFirstByte": {"type": ["number", "null"], "description": "Until the first byte came from the provider"},
          "timeToFirstByteSent": {"type": ["number", "null"], "description": "Until the client's socket took it"},
          "timeToFirstToken": {"type": ["number", "null"]},
          "timeToLastToken": {"type": ["number", "null"]},
          "stallCount": {"type": "integer", "description": "Waits for content of more than a second"},
          "stalls": {
            "type": "array",
            "description": "The first of these",
            "items": {
              "type": "object",
              "required": ["after", "duration"],
              "properties": {"after": {"type": "number"}, "duration": {"type": "number"}}
            }
          },
          "retriedAfter": {"type": ["number", "null"], "description": "The pause before the next try; null for the last one"}
        }
      },
      "CallDecision": {
        "type": "object",
        "required": ["tool", "decision", "policyId", "reason", "mode"],
        "properties": {
          "tool": {"type": "string"},
          "decision": {"enum": ["allowed", "blocked", "would_block"]},
          "policyId": {"type": ["string", "null"], "format": "uuid", "description": "The policy that decided"},
          "reason": {"type": ["string", "null"]},
          "mode": {"enum": ["enforce", "observe", null], "description": "Of a policy that blocked, or would have; null where none did"}
        }
      })json";

std::string schemas() {
  std::string text;
  for (const std::string_view part : {kSchemas, kCallRequired, kBetweenCalls, kCallProperties, kDetails,
                                      kCallRequired, kDetailsRequired, kCallProperties, kDetailsProperties})
    text += part;
  return text;
}

}  // namespace

OpenApiPart openapi_statistics() {
  static const std::string kText = schemas();
  return {.paths = kPaths, .responses = "", .schemas = kText};
}

}  // namespace archestra::api
