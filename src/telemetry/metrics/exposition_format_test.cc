#include "telemetry/metrics/exposition_format.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::telemetry {
namespace {

constexpr auto kText = ExpositionFormat::kText;
constexpr auto kOpenMetrics = ExpositionFormat::kOpenMetrics;
constexpr auto kProtobuf = ExpositionFormat::kProtobuf;

TEST(ExpositionFormat, IsNegotiated) {
  const struct {
    const char* accept;
    ExpositionFormat format;
    const char* escaping = "";  // what the content type says of it
  } cases[] = {
      // Prometheus 2.42, and with native histograms.
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       kOpenMetrics},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
       "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       kProtobuf},
      // Prometheus 3, text first and protobuf first.
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,"
       "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       kOpenMetrics, "allow-utf-8"},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
       "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1",
       kProtobuf},
      // Nobody asks for anything.
      {"", kText},
      {"*/*", kText},
      {"text/*", kText},
      {"text/plain", kText},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", kText},
      {"application/json", kText},
      // Versions and parameters have to be ours.
      {"text/plain;version=0.0.4", kText},
      {"application/openmetrics-text", kOpenMetrics},
      {"application/openmetrics-text; version=1.0.0; charset=utf-8", kOpenMetrics},
      {"application/openmetrics-text;version=0.0.1", kText},
      {"application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.1",
       kOpenMetrics},
      {"text/plain;version=1.0.0, application/openmetrics-text;q=0.1", kOpenMetrics},
      {"application/vnd.google.protobuf", kText},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", kText},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", kText},
      {"application/vnd.google.protobuf;proto=another;encoding=delimited", kText},
      // Order and weight.
      {"text/plain, application/openmetrics-text", kText},
      {"application/openmetrics-text, text/plain", kOpenMetrics},
      {"text/plain;q=0.4, application/openmetrics-text;q=0.5", kOpenMetrics},
      {"text/plain;q=0.999, application/openmetrics-text;q=1.000", kOpenMetrics},
      {"text/plain;q=0.5, application/openmetrics-text;q=0.05", kText},
      {"*/*;q=0.1, application/openmetrics-text;q=0.2", kOpenMetrics},
      {"*/*, application/openmetrics-text;q=0.2", kText},
      {"application/*", kOpenMetrics},
      {"application/*;q=0.3, text/*;q=0.2", kOpenMetrics},
      // What is excluded.
      {"text/plain;q=0, */*", kOpenMetrics},
      {"*/*, text/plain;q=0.0, application/openmetrics-text;q=0.000", kProtobuf},
      {"application/openmetrics-text;q=0", kText},
      {"text/plain;q=0", kText},
      {"*/*;q=0", kText},
      {"*/*;q=0, application/openmetrics-text", kOpenMetrics},
      // Writing.
      {"  application/openmetrics-text ; version=\"1.0.0\" ;\tq=1 ", kOpenMetrics},
      {"Application/OpenMetrics-Text;VERSION=1.0.0;Q=0.5,text/plain;q=0.4", kOpenMetrics},
      {"application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=\"delimited\"",
       kProtobuf},
      {"application/openmetrics-text;version=\"1\\.0.0\"", kOpenMetrics},
      {"text/plain;x=\"a,application/openmetrics-text;q=1,\\\"b\";q=0.1,application/openmetrics-text;q=0.2",
       kOpenMetrics},
      {",,application/openmetrics-text,,", kOpenMetrics},
      {"application/openmetrics-text;", kOpenMetrics},
      // A malformed clause is not there.
      {"application/openmetrics-text;q=2,text/plain;q=0.1", kText},
      {"application/openmetrics-text;q=0.1234,text/plain;q=0.1", kText},
      {"application/openmetrics-text;q=x,text/plain;q=0.1", kText},
      {"application/openmetrics-text;q=,text/plain;q=0.1", kText},
      {"application/openmetrics-text;q=-1,text/plain;q=0.1", kText},
      {"application, /openmetrics-text, application/, ;, \"", kText},
      {"application/openmetrics-text;version=\"1.0.0", kText},
      {"application/openmetrics-text;version=\"1.0.0\\", kText},
      // Names of ours are the same however they are escaped, but for dots.
      {"application/openmetrics-text;escaping=underscores", kOpenMetrics, "underscores"},
      {"text/plain;version=0.0.4;escaping=values", kText, "values"},
      {"*/*;escaping=allow-utf-8", kText, "allow-utf-8"},
      {"text/plain;escaping=dots", kText, "underscores"},
      {"text/plain;escaping=unknown", kText},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
       "escaping=allow-utf-8",
       kProtobuf, "allow-utf-8"},
  };
  for (const auto& [accept, format, escaping] : cases) {
    SCOPED_TRACE(accept);
    const NegotiatedFormat negotiated = negotiate_exposition(accept);
    EXPECT_EQ(negotiated.format, format);
    std::string type = format == kText          ? "text/plain; version=0.0.4; charset=utf-8"
                       : format == kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                : "application/vnd.google.protobuf; "
                                                  "proto=io.prometheus.client.MetricFamily; "
                                                  "encoding=delimited";
    if (!std::string(escaping).empty()) type += std::string("; escaping=") + escaping;
    EXPECT_EQ(negotiated.content_type, type);
  }
}

}  // namespace
}  // namespace archestra::telemetry
