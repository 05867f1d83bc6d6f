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

constexpr std::string_view kTracesPath = "/v1/traces";

// `complete` fills in the path of a URL that makes sense.
template <class Complete>
bool set_endpoint(Config& config, std::string_view text, Complete complete) {
  if (text.empty()) return true;
  auto url = http::parse_url(text);
  if (!url) return false;
  complete(url->path);
  config.otlp_endpoint = std::move(*url);
  return true;
}

}  // namespace

bool set_otlp_base_endpoint(Config& config, std::string_view text) {
  return set_endpoint(config, text, [](std::string& path) {
    if (path.ends_with('/')) path.pop_back();
    path += kTracesPath;
  });
}

bool set_otlp_traces_endpoint(Config& config, std::string_view text) {
  return set_endpoint(config, text, [](std::string& path) {
    if (path.empty()) path = "/";
  });
}

bool set_otlp_endpoint(Config& config, std::string_view text) {
  return set_endpoint(config, text, [](std::string& path) {
    if (path.empty() || path == "/") path = kTracesPath;
  });
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

bool set_sdk_disabled(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  if (value == "true") config.traces_exported = false;
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

bool set_otlp_headers(Config& config, std::string_view text) {
  config.otlp_headers.clear();
  return base::for_each_item(text, [&](std::string_view item) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string name = base::lower_case(base::trimmed(item.substr(0, equals)));
    const auto value = http::percent_decoded(base::trimmed(item.substr(equals + 1)));
    if (!is_plain_name(name) || is_exporters_own(name) || !value || !is_clean(*value)) return false;
    config.otlp_headers.emplace_back(name, base::Secret(*value));
    return true;
  });
}

bool set_otlp_traces_headers(Config& config, std::string_view text) {
  return text.empty() || set_otlp_headers(config, text);
}

bool set_otlp_compression(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.otlp_gzip = value == "gzip";
  return config.otlp_gzip || value == "none";
}

bool set_otlp_traces_compression(Config& config, std::string_view text) {
  return text.empty() || set_otlp_compression(config, text);
}

bool set_otlp_traces_timeout(Config& config, std::string_view text) {
  if (text.empty()) return true;
  const auto value = number<std::uint64_t>(text, 1, kMillisecondsMax);
  if (value) config.otlp_timeout = std::chrono::milliseconds(*value);
  return value.has_value();
}

bool set_otlp_protocol(Config&, std::string_view text) {
  return text.empty() || base::lower_case(text) == "http/protobuf";
}

bool set_otlp_certificate(Config& config, std::string_view text) {
  if (text.empty()) return true;
  config.otlp_ca_file = text;
  return std::ifstream(config.otlp_ca_file).good();
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
