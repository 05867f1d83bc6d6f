#include "app/settings_view.h"

#include <optional>
#include <string>

namespace archestra::app {
namespace {

std::string url_text(const http::Url& url) {
  return (url.is_https ? "https://" : "http://") + url.authority() + url.path +
         (url.query.empty() ? "" : "?***");
}

std::optional<std::string> value_of(const Setting& setting, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return setting.secret ? "***" : visible_of(setting, text);
}

}  // namespace

api::EffectiveSettings settings_view(const Effective& started_with, const Effective& taken_on) {
  const Config& config = started_with.config;
  api::EffectiveSettings view{.api_base_url = config.api_base_url,
                              .scheme = config.tls_cert_file.empty() ? "http" : "https",
                              .metrics_secret_is_set = !config.metrics_secret.empty(),
                              .traces_are_exported = config.traces_exported,
                              .traces_endpoint = url_text(config.otlp_traces.endpoint)};
  for (const ProviderConfig& provider : config.providers)
    view.providers.push_back({.name = provider.name,
                              .dialect = std::string(provider.dialect->name),
                              .upstream_url = url_text(provider.base_url)});
  for (std::size_t i = 0; i < started_with.values.size(); ++i) {
    const Setting& setting = *started_with.values[i].setting;
    const Effective::Value& value = setting.reloads ? taken_on.values[i] : started_with.values[i];
    view.settings.push_back({.name = setting.env,
                             .flag = setting.flag(),
                             .value = value_of(setting, value.text),
                             .source = name_of(value.source),
                             .is_secret = setting.secret,
                             .reloads = setting.reloads,
                             .description = setting.help});
  }
  return view;
}

}  // namespace archestra::app
