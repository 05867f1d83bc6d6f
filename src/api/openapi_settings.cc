#include "api/openapi_parts.h"

namespace archestra::api {

OpenApiPart openapi_settings() {
  return {.paths = R"json(
    "/api/settings": {
      "get": {
        "operationId": "getSettings",
        "summary": "Show where the gateway is reached, what it runs with and where that came from, and whether its telemetry arrives",
        "responses": {
          "200": {
            "description": "All of it; of secrets only whether they are set",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Settings"}}}
          },
          "401": {"$ref": "#/components/responses/Unauthorized"}
        }
      }
    })json",
          .responses = "",
          .schemas = R"json(
      "Settings": {
        "type": "object",
        "required": ["version", "startedAt", "apiBaseUrl", "apiBaseUrlSource", "metricsUrl", "metricsSecretSet", "providers", "settings", "telemetry"],
        "properties": {
          "version": {"type": "string"},
          "startedAt": {"type": "string", "format": "date-time"},
          "apiBaseUrl": {"type": "string", "description": "Of the gateway, without a slash at the end"},
          "apiBaseUrlSource": {"enum": ["setting", "request"], "description": "Whether ARCHESTRA_API_BASE_URL says so, or the Host of this request"},
          "metricsUrl": {"type": "string", "description": "On the same host, at the port of the metrics"},
          "metricsSecretSet": {"type": "boolean", "description": "Whether scrapers need ARCHESTRA_METRICS_SECRET"},
          "providers": {"type": "array", "items": {"$ref": "#/components/schemas/Provider"}},
          "settings": {"type": "array", "items": {"$ref": "#/components/schemas/Setting"}},
          "telemetry": {"$ref": "#/components/schemas/TelemetryHealth"}
        }
      },
      "Provider": {
        "type": "object",
        "required": ["name", "dialect", "baseUrl", "upstreamUrl"],
        "properties": {
          "name": {"type": "string"},
          "dialect": {"enum": ["openai", "anthropic", "gemini"]},
          "baseUrl": {"type": "string", "description": "What an SDK is pointed at; an agent's id may follow"},
          "upstreamUrl": {"type": "string", "description": "Where its calls go"}
        }
      },
      "Setting": {
        "type": "object",
        "required": ["name", "flag", "value", "source", "isSecret", "reloads", "description"],
        "properties": {
          "name": {"type": "string", "description": "Of the environment variable"},
          "flag": {"type": "string"},
          "value": {"type": ["string", "null"], "description": "null: not set. Of a secret that is set, and of credentials in a URL, *** is all there is."},
          "source": {"enum": ["default", "file", "environment", "flag"]},
          "isSecret": {"type": "boolean"},
          "reloads": {"type": "boolean", "description": "Whether SIGHUP is enough for a change; others take a restart"},
          "description": {"type": "string"}
        }
      },
      "TelemetryHealth": {
        "type": "object",
        "required": ["traces", "queues", "dropped"],
        "properties": {
          "traces": {
            "type": "object",
            "required": ["exported", "endpoint", "sent", "rejected", "unsent", "oldestUnsentSeconds", "failing", "lastError", "lastErrorAt", "lastSuccessAt"],
            "properties": {
              "exported": {"type": "boolean", "description": "Whether spans are sent at all"},
              "endpoint": {"type": "string", "description": "The collector"},
              "sent": {"type": "integer", "description": "Spans that the collector took, since the start"},
              "rejected": {"type": "integer", "description": "Spans that the collector answered to have rejected"},
              "unsent": {"type": "integer", "description": "Spans that the collector has not taken yet, in memory and on the disk"},
              "oldestUnsentSeconds": {"type": "integer", "description": "Age of the oldest of them; 0 where there is none"},
              "failing": {"type": "boolean", "description": "Whether the last request to the collector failed"},
              "lastError": {"type": ["string", "null"], "description": "Why a request to the collector failed last"},
              "lastErrorAt": {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
              "lastSuccessAt": {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
            }
          },
          "queues": {
            "type": "object",
            "description": "What waits on its way out. Beyond max it is dropped.",
            "required": ["spans", "spoolBytes", "recordBytes", "logBytes"],
            "properties": {
              "spans": {"$ref": "#/components/schemas/QueueDepth", "description": "For the collector, in memory alone"},
              "spoolBytes": {"$ref": "#/components/schemas/QueueDepth", "description": "For the collector, of files below the data folder; max is 0 where there are none"},
              "recordBytes": {"$ref": "#/components/schemas/QueueDepth", "description": "From the threads that serve calls, of the one that has most"},
              "logBytes": {"$ref": "#/components/schemas/QueueDepth", "description": "For standard output"}
            }
          },
          "dropped": {
            "type": "array",
            "description": "As telemetry_dropped_total has it, since the start",
            "items": {
              "type": "object",
              "required": ["signal", "reason", "count"],
              "properties": {
                "signal": {"enum": ["traces", "logs", "metrics", "history"]},
                "reason": {"enum": ["ring_full", "queue_full", "no_collector", "spool_full", "spool_age", "disk_full", "spool_unreadable", "too_large", "export_failed", "shutdown", "writer_full", "write_failed"]},
                "count": {"type": "integer"}
              }
            }
          }
        }
      },
      "QueueDepth": {
        "type": "object",
        "required": ["waiting", "max"],
        "properties": {"waiting": {"type": "integer"}, "max": {"type": "integer"}}
      })json"};
}

}  // namespace archestra::api
