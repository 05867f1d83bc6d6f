// OpenMetrics text 1.0.0, without exemplars and without _created.
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {
namespace {

/// A counter is described without the `_total` of its samples.
std::string_view described_name(const Family& family) {
  constexpr std::string_view kTotal = "_total";
  std::string_view name = family.name;
  if (family.type == MetricType::kCounter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

/// A unit that is not the end of the name would make the page invalid.
bool shows_unit(std::string_view name, std::string_view unit) {
  return !unit.empty() && name.size() > unit.size() && name.ends_with(unit) &&
         name[name.size() - unit.size() - 1] == '_';
}

}  // namespace

void append_open_metrics(std::string& out, Families families) {
  for (const FamilySnapshot& snapshot : families) {
    const Family& family = *snapshot.family;
    const std::string_view name = described_name(family);
    out.append("# TYPE ").append(name).append(" ").append(name_of(family.type)).append("\n");
    if (shows_unit(name, family.unit))
      out.append("# UNIT ").append(name).append(" ").append(family.unit).append("\n");
    out.append("# HELP ").append(name).append(" ");
    append_help(out, family.help, Quotes::kEscaped);
    out += '\n';
    append_sample_lines(out, snapshot);
  }
  out += "# EOF\n";
}

}  // namespace archestra::telemetry
