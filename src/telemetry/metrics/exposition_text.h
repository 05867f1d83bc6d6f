// Prometheus text format 0.0.4 from a snapshot. Pure; another format is another writer beside this one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

inline constexpr std::string_view kTextExpositionType = "text/plain; version=0.0.4; charset=utf-8";

/// Appends all families, each with HELP and TYPE, even where it has no sample.
void append_text_exposition(std::string& out, std::span<const FamilySnapshot> families);

}  // namespace archestra::telemetry
