// OpenMetrics text 1.0.0, without exemplars and without _created.
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {

void append_open_metrics(std::string& out, Families families) {
  for (const FamilySnapshot& snapshot : families) {
    const Family& family = *snapshot.family;
    const std::string_view name = described_name(family);
    out.append("# TYPE ").append(name).append(" ").append(name_of(family.type)).append("\n");
    if (!family.unit.empty()) out.append("# UNIT ").append(name).append(" ").append(family.unit).append("\n");
    out.append("# HELP ").append(name).append(" ");
    append_help(out, family.help, Quotes::kEscaped);
    out += '\n';
    append_sample_lines(out, snapshot);
  }
  out += "# EOF\n";
}

}  // namespace archestra::telemetry
