#include "app/config.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"

namespace archestra::app {

std::string_view name_of(Source source) {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kFile:
      return "file";
    case Source::kEnvironment:
      return "environment";
    case Source::kFlag:
      return "flag";
  }
  return "default";
}

std::string Setting::key() const {
  constexpr std::string_view kPrefix = "ARCHESTRA_";
  if (!own_key.empty()) return std::string(own_key);
  return base::lower_case(env.starts_with(kPrefix) ? env.substr(kPrefix.size()) : env);
}

std::string Setting::flag() const {
  std::string out = "--" + key();
  std::ranges::replace(out, '_', '-');
  return out;
}

namespace {

// An empty variable is as good as none (OpenTelemetry specification, environment variables).
std::string_view variable(const std::string& name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets one once there are threads
  const char* const text = std::getenv(name.c_str());
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

Texts texts_from_environment() {
  Texts texts;
  for (const Setting& setting : settings()) {
    std::string_view text = variable(setting.env);
    if (setting.also_small)
      if (const std::string_view small = variable(base::lower_case(setting.env)); !small.empty())
        text = small;
    if (!text.empty()) texts[setting.env] = text;
  }
  return texts;
}

namespace {

// Kubernetes describes a service named "archestra" in variables that begin like ours.
bool is_of_a_service(std::string_view variable) {
  const std::size_t equals = variable.find('=');
  const std::string_view name = variable.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : variable.substr(equals + 1);
  return name.contains("_SERVICE_") || name.contains("_PORT_") || value.starts_with("tcp://") ||
         value.starts_with("udp://");
}

}  // namespace

std::vector<std::string> unknown_variables() {
  constexpr std::string_view kPrefix = "ARCHESTRA_";
  std::vector<std::string> unknown;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    if (!name.starts_with(kPrefix) || name == kConfigFileVariable || is_of_a_service(text)) continue;
    if (std::ranges::find(settings(), name, &Setting::env) == settings().end()) unknown.emplace_back(name);
  }
  return unknown;
}

namespace {

// A URL without the values of its query, which may be credentials.
std::string without_query(std::string_view text) {
  const std::size_t query = text.find('?');
  if (query == std::string_view::npos || text.find("://") > query) return std::string(text);
  return std::string(text.substr(0, query)) + "?***";
}

// A URL, with a scheme or without, without what may be a user and a password in it.
std::string without_user_info(std::string text) {
  if (const std::size_t at = text.rfind('@'); at != std::string::npos) {
    const std::size_t scheme = text.find("://");
    const std::size_t begin = scheme < at ? scheme + 3 : 0;
    text.replace(begin, at - begin, "***");
  }
  return text;
}

// What a person typed and is refused. Where credentials are to be expected nobody knows where in it they are.
std::string shown(const Setting& setting, std::string_view text) {
  if (setting.secret || setting.has_user_info) return "(a secret)";
  return fmt::format("\"{}\"", without_user_info(without_query(text)));
}

// Those who have not said where their collector is may have none: see Config::otlp_endpoint_is_named.
bool names_collector(const Effective::Value& value) {
  constexpr std::string_view kNames[] = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                         "ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT"};
  return value.source != Source::kDefault && !value.text.empty() &&
         std::ranges::find(kNames, value.setting->env) != std::end(kNames);
}

// What no single value tells.
void check_together(const Config& config) {
  if (config.body_bytes_max > config.bodies_bytes_max)
    throw ConfigError{
        fmt::format("ARCHESTRA_API_BODY_LIMIT: one body of {} bytes does not fit into "
                    "ARCHESTRA_API_BODIES_LIMIT, {} bytes",
                    config.body_bytes_max, config.bodies_bytes_max)};
  for (const auto& [signal, is_exported, target] :
       {std::tuple{"LOGS", config.logs_exported, &config.otlp_logs},
        std::tuple{"METRICS", config.metrics_exported, &config.otlp_metrics}})
    if (is_exported && target->endpoint.host.empty())
      throw ConfigError{fmt::format(
          "OTEL_{0}_EXPORTER: where to is unknown, for the path of ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT "
          "is not /v1/traces; OTEL_EXPORTER_OTLP_{0}_ENDPOINT says it",
          signal)};
  if (config.tls_cert_file.empty() != config.tls_key_file.empty())
    throw ConfigError{"ARCHESTRA_TLS_CERT_FILE, ARCHESTRA_TLS_KEY_FILE: one is of no use without the other"};
}

}  // namespace

Effective load(const Texts& flags, const Texts& environment, const Texts& file) {
  Effective effective;
  for (const Setting& setting : settings()) {
    Effective::Value value{
        .setting = &setting, .text = std::string(setting.default_value), .source = Source::kDefault};
    for (const auto& [texts, source] :
         {std::pair{&flags, Source::kFlag}, std::pair{&environment, Source::kEnvironment},
          std::pair{&file, Source::kFile}}) {
      const auto found = texts->find(setting.env);
      if (found == texts->end()) continue;
      value.text = found->second;
      value.source = source;
      break;
    }
    if (!setting.set(effective.config, value.text)) {
      throw ConfigError{fmt::format("{} ({}): {} is not accepted; it takes {}", setting.env,
                                    name_of(value.source), shown(setting, value.text), setting.accepted)};
    }
    effective.values.push_back(std::move(value));
  }
  effective.config.otlp_endpoint_is_named = std::ranges::any_of(effective.values, names_collector);
  check_together(effective.config);
  return effective;
}

std::vector<const Setting*> differences(const Effective& one, const Effective& other) {
  std::vector<const Setting*> found;
  for (std::size_t i = 0; i < one.values.size(); ++i)
    if (one.values[i].text != other.values[i].text) found.push_back(one.values[i].setting);
  return found;
}

std::vector<Warning> warnings_of(const Config& config) {
  std::vector<Warning> warnings;
  if (config.otlp_username.empty() != config.otlp_password.empty() && config.otlp_bearer.empty())
    warnings.push_back({"half of a basic authentication is ignored: it needs user and password",
                        "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME, "
                        "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD"});
  if (config.resource_attributes_discarded)
    warnings.push_back(
        {"resource attributes are left out: they are no list of key=value", "OTEL_RESOURCE_ATTRIBUTES"});
  for (const std::string& item : config.no_proxy.unknown())
    warnings.push_back(
        {"what is neither name, address nor network means nobody", fmt::format("NO_PROXY: {}", item)});
  for (std::string& name : unknown_variables())
    warnings.push_back({"a variable that is no setting is ignored", std::move(name)});
  return warnings;
}

std::string visible_of(const Setting& setting, const std::string& text) {
  if (setting.secret) return text.empty() ? "" : "********";
  return setting.has_user_info ? without_user_info(text) : without_query(text);
}

std::string print(const Effective& effective) {
  std::string out;
  for (const auto& [setting, text, source] : effective.values) {
    const std::string visible = visible_of(*setting, text);
    if (visible != text) out += "# ";  // so that the output is a file one could start with
    out += setting->key() + " = ";
    base::append_json_string(out, visible);
    out += fmt::format("  # {}\n", name_of(source));
  }
  return out;
}

}  // namespace archestra::app
