// OpenMetrics text 1.0.0, without _created.
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {
namespace {

class OpenMetricsWriter final : public FamilyWriter {
 public:
  void begin(ByteBuffer& out, const FamilySnapshot& snapshot) override {
    const Family& family = *snapshot.family;
    const std::string_view name = described_name(family);
    out.append("# TYPE ", name, " ", name_of(family.type), "\n");
    if (!family.unit.empty()) out.append("# UNIT ", name, " ", family.unit, "\n");
    out.append("# HELP ", name, " ");
    append_help(out, family.help, Quotes::kEscaped);
    out.append("\n");
    lines_.begin(family);
  }
  void write(ByteBuffer& out, const Sample& sample) override { lines_.write(out, sample); }
  void end_page(ByteBuffer& out) override { out.append("# EOF\n"); }

 private:
  FamilyLines lines_{Exemplars::kWritten};
};

}  // namespace

std::unique_ptr<FamilyWriter> make_open_metrics_writer() { return std::make_unique<OpenMetricsWriter>(); }

}  // namespace archestra::telemetry
