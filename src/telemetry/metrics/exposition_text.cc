// Prometheus text 0.0.4.
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"

namespace archestra::telemetry {
namespace {

class TextWriter final : public FamilyWriter {
 public:
  void begin(ByteBuffer& out, const FamilySnapshot& snapshot) override {
    const Family& family = *snapshot.family;
    out.append("# HELP ", family.name, " ");
    append_help(out, family.help, Quotes::kAsTheyAre);
    out.append("\n# TYPE ", family.name, " ", name_of(family.type), "\n");
    lines_.begin(family);
  }
  void write(ByteBuffer& out, const Sample& sample) override { lines_.write(out, sample); }

 private:
  FamilyLines lines_{Exemplars::kLeftOut};
};

}  // namespace

std::unique_ptr<FamilyWriter> make_text_writer() { return std::make_unique<TextWriter>(); }

}  // namespace archestra::telemetry
