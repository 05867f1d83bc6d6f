// Labels as JSON: how they are read, and what is said of a draft of them. Pure functions, for the .cc files
// of api/ alone.
#pragma once

#include <string_view>
#include <vector>

#include "agents/label_rules.h"
#include "api/answers.h"
#include "api/body_fields.h"
#include "model/agent.h"

namespace archestra::api {

/// What telemetry makes of keys.
agents::MetricNames metric_names();

/// Reads a list of `{"key","value"}`, longer than an agent's may be, so that the rules can tell.
Fault read_labels(const simdjson::dom::element& value, std::vector<model::Label>& out);

/// POST /api/agents/labels/check.
ServiceAnswer check_labels(std::string_view body);

}  // namespace archestra::api
