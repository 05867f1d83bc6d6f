#include "telemetry/metrics/exposition.h"

namespace archestra::telemetry {

void append_exposition(std::string& out, ExpositionFormat format, Families families) {
  switch (format) {
    case ExpositionFormat::kText:
      return append_text(out, families);
    case ExpositionFormat::kOpenMetrics:
      return append_open_metrics(out, families);
    case ExpositionFormat::kProtobuf:
      return append_protobuf(out, families);
  }
}

}  // namespace archestra::telemetry
