// How OpenTelemetry's variables, and ours beside them, become configuration. Several may say the same thing:
// each row of the table that is applied later wins over those before it, and an empty text leaves what they
// said. Private to this folder. Each function answers false where the text is not acceptable.
#pragma once

#include <string_view>

#include "app/config.h"

namespace archestra::app {

// Where signals go.

/// OTEL_EXPORTER_OTLP_ENDPOINT, for all signals: v1/traces, v1/logs and v1/metrics are appended to its path.
bool set_otlp_base_endpoint(Config& config, std::string_view text);
/// ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT, for spans: as it is; without a path, or with "/", /v1/traces. The
/// others go beside it where its path ends so, else nowhere.
bool set_otlp_endpoint(Config& config, std::string_view text);
/// OTEL_EXPORTER_OTLP_<SIGNAL>_ENDPOINT: as it is; without a path, "/".
bool set_otlp_signal_endpoint(OtlpTarget& target, std::string_view text);

// Which are recorded.

bool set_sampler_arg(Config& config, std::string_view text);
bool set_sampler(Config& config, std::string_view text);
bool set_sample_rate(Config& config, std::string_view text);

// How they travel.

bool set_traces_exporter(Config& config, std::string_view text);
bool set_exemplar_filter(Config& config, std::string_view text);
bool set_sdk_disabled(Config& config, std::string_view text);
bool set_logs_exporter(Config& config, std::string_view text);
/// prometheus is as good as none: /metrics is served whatever it says.
bool set_metrics_exporter(Config& config, std::string_view text);
bool set_otlp_signal_headers(OtlpTarget& target, std::string_view text);
bool set_otlp_signal_compression(OtlpTarget& target, std::string_view text);
bool set_otlp_signal_timeout(OtlpTarget& target, std::string_view text);
bool set_otlp_signal_certificate(OtlpTarget& target, std::string_view text);
bool set_otlp_protocol(Config& config, std::string_view text);

using SetSignal = bool (*)(OtlpTarget& target, std::string_view text);
bool set_for_all_signals(Config& config, std::string_view text, SetSignal set);

// What they say of who sends them.

/// Never refused: as OpenTelemetry wants it, one that cannot be decoded is left out as a whole
/// (Config::resource_attributes_discarded), for it is often written for all processes of a machine.
bool set_resource_attributes(Config& config, std::string_view text);
/// Without one, service.name of the resource attributes, else "archestra".
bool set_service_name(Config& config, std::string_view text);
bool set_span_names(Config& config, std::string_view text);

}  // namespace archestra::app
