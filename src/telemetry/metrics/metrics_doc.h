// docs/metrics.md, made from the catalogue, so that it can say nothing else. Pure.
#pragma once

#include <string>

namespace archestra::telemetry {

/// The document in Markdown.
std::string metrics_doc();

}  // namespace archestra::telemetry
