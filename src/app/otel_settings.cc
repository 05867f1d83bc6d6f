#include "app/otel_settings.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "app/setting_text.h"
#include "base/text.h"
#include "http/url.h"
#include "telemetry/text.h"

namespace archestra::app {
namespace {

// Sets an endpoint unless there is no text; `complete` fills in the path of a URL that makes sense.
template <class Complete>
bool set_endpoint(OtlpTarget& target, std::string_view text, Complete complete) {
  if (text.empty()) return true;
  auto url = http::parse_url(text);
  if (!url) return false;
  complete(url->path);
  target.endpoint = std::move(*url);
  return true;
}

struct SignalPath {
  OtlpTarget Config::* target;
  std::string_view path;
};
constexpr SignalPath kTraces{&Config::otlp_traces, "/v1/traces"};
constexpr SignalPath kOthers[] = {{&Config::otlp_logs, "/v1/logs"}, {&Config::otlp_metrics, "/v1/metrics"}};
constexpr OtlpTarget Config::* kTargets[] = {&Config::otlp_traces, &Config::otlp_logs, &Config::otlp_metrics};

}  // namespace

bool set_otlp_base_endpoint(Config& config, std::string_view text) {
  const auto set = [&](const SignalPath& signal) {
    return set_endpoint(config.*signal.target, text, [&](std::string& path) {
      if (path.ends_with('/')) path.pop_back();
      path += signal.path;
    });
  };
  return set(kTraces) && std::ranges::all_of(kOthers, set);
}

bool set_otlp_signal_endpoint(OtlpTarget& target, std::string_view text) {
  return set_endpoint(target, text, [](std::string& path) {
    if (path.empty()) path = "/";
  });
}

// What is configured is where spans go. The path of another signal stands beside it where this is the usual
// one; elsewhere nobody could guess it.
bool set_otlp_endpoint(Config& config, std::string_view text) {
  OtlpTarget& traces = config.*kTraces.target;
  const bool is_set = set_endpoint(traces, text, [](std::string& path) {
    if (path.empty() || path == "/") path = kTraces.path;
  });
  if (!is_set || text.empty()) return is_set;
  for (const SignalPath& signal : kOthers) {
    http::Url url = traces.endpoint;
    if (url.path.ends_with(kTraces.path))
      url.path.replace(url.path.size() - kTraces.path.size(), kTraces.path.size(), signal.path);
    else
      url = {};
    (config.*signal.target).endpoint = std::move(url);
  }
  return true;
}

bool set_sampler_arg(Config& config, std::string_view text) {
  const auto ratio = text.empty() ? std::optional(1.0) : number<double>(text, 0.0, 1.0);
  if (ratio) config.traces_sample_rate = *ratio;
  return ratio.has_value();
}

bool set_sampler(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  std::string_view kind = value;
  constexpr std::string_view kParentBased = "parentbased_";
  config.parent_decides_sampling = kind.starts_with(kParentBased);
  if (config.parent_decides_sampling) kind.remove_prefix(kParentBased.size());
  if (kind == "always_on") config.traces_sample_rate = 1;
  if (kind == "always_off") config.traces_sample_rate = 0;
  return kind == "always_on" || kind == "always_off" || kind == "traceidratio";
}

bool set_sample_rate(Config& config, std::string_view text) {
  if (text.empty()) return true;
  const auto value = number<double>(text, 0.0, 1.0);
  if (!value) return false;
  config.traces_sample_rate = *value;
  config.parent_decides_sampling = true;
  return true;
}

bool set_traces_exporter(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.traces_exported = value == "otlp";
  return value == "otlp" || value == "none";
}

bool set_logs_exporter(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.logs_exported = value == "otlp";
  return value == "otlp" || value == "none";
}

bool set_metrics_exporter(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.metrics_exported = value == "otlp";
  return value == "otlp" || value == "none" || value == "prometheus";
}

bool set_exemplar_filter(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.has_exemplars = value == "trace_based";
  return value == "trace_based" || value == "always_off";
}

bool set_sdk_disabled(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  if (value == "true") config.traces_exported = config.logs_exported = config.metrics_exported = false;
  return value == "true" || value == "false";
}

namespace {

// Fields that the exporter writes itself; twice would be one too many.
bool is_exporters_own(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "host", "connection", "content-type", "content-encoding", "content-length", "transfer-encoding"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

}  // namespace

bool set_otlp_signal_headers(OtlpTarget& target, std::string_view text) {
  if (text.empty()) return true;
  target.headers.clear();
  return base::for_each_item(text, [&](std::string_view item) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string name = base::lower_case(base::trimmed(item.substr(0, equals)));
    const auto value = http::percent_decoded(base::trimmed(item.substr(equals + 1)));
    if (!is_plain_name(name) || is_exporters_own(name) || !value || !is_clean(*value)) return false;
    target.headers.emplace_back(name, base::Secret(*value));
    return true;
  });
}

bool set_otlp_signal_compression(OtlpTarget& target, std::string_view text) {
  if (text.empty()) return true;
  const std::string value = base::lower_case(text);
  target.gzip = value == "gzip";
  return target.gzip || value == "none";
}

bool set_otlp_signal_timeout(OtlpTarget& target, std::string_view text) {
  if (text.empty()) return true;
  const auto value = number<std::uint64_t>(text, 1, kMillisecondsMax);
  if (value) target.timeout = std::chrono::milliseconds(*value);
  return value.has_value();
}

bool set_otlp_signal_certificate(OtlpTarget& target, std::string_view text) {
  if (text.empty()) return true;
  target.ca_file = text;
  return std::ifstream(target.ca_file).good();
}

bool set_for_all_signals(Config& config, std::string_view text, SetSignal set) {
  return std::ranges::all_of(kTargets, [&](auto target) { return set(config.*target, text); });
}

bool set_otlp_protocol(Config&, std::string_view text) {
  return text.empty() || base::lower_case(text) == "http/protobuf";
}

bool set_resource_attributes(Config& config, std::string_view text) {
  auto& attributes = config.resource_attributes;
  attributes.clear();
  const bool is_whole = base::for_each_item(text, [&](std::string_view item) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return false;
    const auto decoded = http::percent_decoded(base::trimmed(item.substr(0, equals)));
    auto value = http::percent_decoded(base::trimmed(item.substr(equals + 1)));
    if (!decoded || decoded->empty() || !value) return false;
    std::string scratch;
    const std::string_view key = telemetry::as_valid_utf8(*decoded, scratch);
    std::erase_if(attributes, [&](const auto& earlier) { return earlier.first == key; });
    attributes.emplace_back(key, std::move(*value));
    return true;
  });
  if (!is_whole) attributes.clear();
  config.resource_attributes_discarded = !is_whole;
  return true;
}

bool set_service_name(Config& config, std::string_view text) {
  const auto given = std::ranges::find(config.resource_attributes, "service.name",
                                       [](const auto& each) { return each.first; });
  config.service_name = text;
  if (config.service_name.empty() && given != config.resource_attributes.end())
    config.service_name = given->second;
  if (config.service_name.empty()) config.service_name = "archestra";
  return true;
}

bool set_span_names(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.gen_ai_span_names = value == "genai";
  return config.gen_ai_span_names || value == "provider";
}

}  // namespace archestra::app
