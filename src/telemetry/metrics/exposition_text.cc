// Prometheus text 0.0.4.
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {

void append_text(std::string& out, Families families) {
  for (const FamilySnapshot& snapshot : families) {
    const Family& family = *snapshot.family;
    out.append("# HELP ").append(family.name).append(" ");
    append_help(out, family.help, Quotes::kAsTheyAre);
    out.append("\n# TYPE ").append(family.name).append(" ").append(name_of(family.type)).append("\n");
    append_sample_lines(out, snapshot);
  }
}

}  // namespace archestra::telemetry
