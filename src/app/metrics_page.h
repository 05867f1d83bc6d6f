// The page of /metrics as a body that is made while it is sent: what it holds does not grow with the page,
// but for the snapshot, which has some 20 bytes for each line. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/gzip_encoder.h"
#include "http_io/server.h"
#include "telemetry/byte_buffer.h"
#include "telemetry/metrics/exposition.h"
#include "telemetry/pipeline.h"

namespace archestra::app {

enum class Zipped : bool { kNo, kYes };

class MetricsPage final : public http_io::BodyPieces {
 public:
  /// The snapshot is taken when the first piece is asked for.
  MetricsPage(telemetry::Telemetry& telemetry, telemetry::ExpositionFormat format, Zipped zipped);

  std::optional<std::string_view> next() override;

 private:
  telemetry::Telemetry& telemetry_;
  const telemetry::ExpositionFormat format_;
  std::optional<telemetry::Exposition> exposition_;
  telemetry::ByteBuffer piece_;
  std::optional<http::GzipEncoder> gzip_;  // until its end
  std::string zipped_;
};

}  // namespace archestra::app
