// Lines that the text formats have in common: `name{labels} value`. Numbers and label values are written the
// same in both, so that Prometheus has the same series whichever it asked for.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

/// Appends the samples of a family.
void append_sample_lines(std::string& out, const FamilySnapshot& snapshot);

/// Appends a bound or a quantile as a label has it: as Go writes it with %g, and with `.0` where it is whole
/// (OpenMetrics 1.0, "Considerations: Canonical Numbers").
void append_canonical(std::string& out, double value);

/// Appends `text` with backslash and line end escaped, and with each quote too where `quotes` says so.
enum class Quotes : bool { kAsTheyAre, kEscaped };
void append_help(std::string& out, std::string_view text, Quotes quotes);

}  // namespace archestra::telemetry
