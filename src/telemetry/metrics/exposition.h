// The page of /metrics from a snapshot, in the formats there are. Pure; one file for each format.
#pragma once

#include <span>
#include <string>

#include "telemetry/metrics/exposition_format.h"
#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

using Families = std::span<const FamilySnapshot>;

/// Appends all families, each with what describes it, even where it has no sample.
void append_exposition(std::string& out, ExpositionFormat format, Families families);

// What it calls.

void append_text(std::string& out, Families families);
void append_open_metrics(std::string& out, Families families);
/// One message for each family, behind its length in bytes. Histograms have no bucket for +Inf: it is their
/// count.
void append_protobuf(std::string& out, Families families);

}  // namespace archestra::telemetry
