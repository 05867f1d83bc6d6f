// The whole configuration as one value, and how it comes about: flag, environment, file, default, in this
// order. Start-up only; errors are for the person who starts the process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "http/url.h"
#include "http_io/forward_proxy.h"
#include "net/resolver.h"
#include "policy/redactor.h"
#include "providers/registry.h"
#include "proxy/trusted_proxies.h"

namespace archestra::app {

/// Where a provider is and what it speaks.
struct ProviderConfig {
  std::string name;
  const providers::Dialect* dialect = nullptr;
  http::Url base_url;
  bool usage_option = true;  ///< the gateway may ask it for usage in streams whose client did not
};

/// Where one signal goes, and how it travels.
struct OtlpTarget {
  http::Url endpoint = {};  ///< complete; without a host where nobody has said where this signal goes
  std::vector<std::pair<std::string, base::Secret>> headers = {};
  bool gzip = false;
  base::Duration timeout{};
  std::string ca_file = {};  ///< "": ca_file of the whole process is for this collector too
};

struct Config {
  std::uint16_t api_port = 0;
  std::uint16_t metrics_port = 0;
  std::vector<std::string> bind;
  std::string api_base_url;  ///< without a trailing '/'; "" for the request's Host
  proxy::TrustedProxies trusted_proxies;
  std::string data_dir;
  std::uint64_t threads = 0;  ///< 0: one per core
  std::vector<ProviderConfig> providers;
  std::uint64_t body_bytes_max = 0;
  std::uint64_t bodies_bytes_max = 0;
  std::uint64_t calls_in_flight_max = 0;
  std::uint64_t upstream_connections_max = 0;
  base::Duration pool_idle_timeout{};
  std::uint64_t connections_max = 0;
  std::uint64_t connections_per_address_max = 0;  ///< 0: any number
  std::uint64_t head_bytes_max = 0;
  base::Duration connect_timeout{};
  base::Duration first_byte_timeout{};
  base::Duration idle_timeout{};
  base::Duration total_timeout{};
  std::uint64_t retries_max = 0;
  base::Duration retry_backoff{};
  base::Duration retry_wait_max{};
  base::Duration client_idle_timeout{};
  base::Duration client_head_timeout{};
  base::Duration client_body_timeout{};
  base::Duration client_send_timeout{};
  base::Duration drain_timeout{};
  std::string ca_file;
  std::optional<http_io::ForwardProxy> https_proxy;
  http_io::NoProxy no_proxy;
  net::Addresses name_servers;  ///< none: those of the system
  std::string tls_cert_file;    ///< of the API port; "": it speaks plain HTTP
  std::string tls_key_file;
  base::LogLevel log_level = base::LogLevel::kInfo;
  base::LogLevel access_log_level = base::LogLevel::kInfo;
  base::LogFormat log_format = base::LogFormat::kJson;
  base::Secret metrics_secret;
  base::Secret admin_token;  ///< empty: the store has the hash of one
  base::Duration session_lifetime{};
  std::uint64_t metrics_label_sets = 0;
  std::uint64_t history_bytes_max = 0;
  base::Duration metrics_retire_after{};
  std::uint64_t content_bytes_max = 0;
  std::shared_ptr<const policy::Redactor> redactor;

  OtlpTarget otlp_traces;
  OtlpTarget otlp_logs;
  OtlpTarget otlp_metrics;
  bool otlp_endpoint_is_named = false;     ///< somebody has configured that of the traces
  std::uint64_t otlp_spool_bytes_max = 0;  ///< 0: nothing waits on the disk
  base::Duration otlp_spool_age_max{};
  base::Secret otlp_bearer;
  base::Secret otlp_username;
  base::Secret otlp_password;
  double traces_sample_rate = 1;
  bool parent_decides_sampling = true;  ///< where an incoming traceparent has decided
  bool traces_exported = true;
  bool logs_exported = false;
  bool metrics_exported = false;
  bool has_native_histograms = false;
  bool has_exemplars = true;  ///< metrics name some of the spans that are exported
  base::Duration bsp_schedule_delay{};
  base::Duration bsp_export_timeout{};
  std::uint64_t bsp_max_queue_size = 0;
  std::uint64_t bsp_max_export_batch_size = 0;
  base::Duration blrp_schedule_delay{};
  std::uint64_t blrp_max_export_batch_size = 0;
  base::Duration metric_export_interval{};
  base::Duration metric_export_timeout{};
  std::vector<std::pair<std::string, std::string>> resource_attributes;
  bool resource_attributes_discarded = false;  ///< what was given makes no sense
  std::string service_name;
  bool gen_ai_span_names = false;
};

/// A week: of what is given in milliseconds.
inline constexpr std::uint64_t kMillisecondsMax = 7ULL * 24 * 3600 * 1000;

/// Names the configuration file.
inline constexpr std::string_view kConfigFileVariable = "ARCHESTRA_CONFIG";

/// Where a value came from.
enum class Source : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };
std::string_view name_of(Source source);

/// One setting: everything there is to know about it stands in the one table in settings_table.cc.
struct Setting {
  std::string env;                 ///< ARCHESTRA_API_PORT
  std::string_view default_value;  ///< as text; parsed like any other
  std::string_view accepted;       ///< what a good value looks like, for errors and help
  std::string help;
  bool secret = false;            ///< never shown
  bool has_user_info = false;     ///< of a URL, and never shown; nor is a value that is refused
  bool also_small = false;        ///< the name in small letters is a name too, and wins, as curl has it
  bool reloads = false;           ///< a running gateway takes it on with SIGHUP: Gateway::take_on
  std::string_view own_key = {};  ///< where the key that the name gives belongs to another
  /// Sets it; false where `text` is not acceptable.
  std::function<bool(Config& config, std::string_view text)> set;

  std::string key() const;   ///< api_port: in the TOML file and in check-config
  std::string flag() const;  ///< --api-port
};
const std::vector<Setting>& settings();

/// Texts given for settings, by environment name.
using Texts = std::map<std::string, std::string, std::less<>>;

struct Effective {
  Config config;
  struct Value {
    const Setting* setting;
    std::string text;
    Source source;
  };
  std::vector<Value> values;  ///< in the table's order
};

/// A start-up problem in one line: which setting, which value, what is accepted.
struct ConfigError {
  std::string text;
};

/// Settings from the process's environment.
Texts texts_from_environment();
/// Variables there that begin like ours and are none: most likely misspelt.
std::vector<std::string> unknown_variables();
/// Settings from a TOML file. Unknown keys are errors. Throws ConfigError.
Texts texts_from_file(const std::string& path);
/// All together. Throws ConfigError.
Effective load(const Texts& flags, const Texts& environment, const Texts& file);

/// The settings whose texts differ, in the table's order.
std::vector<const Setting*> differences(const Effective& one, const Effective& other);

/// What was given and is ignored, though a process can run without it. Never shows a value.
struct Warning {
  std::string_view message;
  std::string name;  ///< of the setting or variable
};
std::vector<Warning> warnings_of(const Config& config);
/// A value as it may be shown: secrets are masked, users and passwords in URLs, and what their queries say.
std::string visible_of(const Setting& setting, const std::string& text);
/// The effective configuration as TOML with the source of each value, secrets masked.
std::string print(const Effective& effective);

}  // namespace archestra::app
