// The one table of all settings. A new setting is a member of Config and a row here.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "app/config.h"
#include "app/otel_settings.h"
#include "app/setting_text.h"
#include "base/text.h"
#include "call/call_record.h"
#include "http/url.h"
#include "net/socket_address.h"

namespace archestra::app {
namespace {

/// Of all signals, and of one.
template <SetSignal kSet>
bool set_all(Config& config, std::string_view text) {
  return set_for_all_signals(config, text, kSet);
}
template <OtlpTarget Config::* kTarget, SetSignal kSet>
bool set_one(Config& config, std::string_view text) {
  return kSet(config.*kTarget, text);
}

template <auto kMember>
bool set_port(Config& config, std::string_view text) {
  const auto value = number<std::uint32_t>(text, 0, 65535);
  if (value) config.*kMember = static_cast<std::uint16_t>(*value);
  return value.has_value();
}

template <auto kMember, std::uint64_t kLow, std::uint64_t kHigh>
bool set_count(Config& config, std::string_view text) {
  const auto value = number<std::uint64_t>(text, kLow, kHigh);
  if (value) config.*kMember = *value;
  return value.has_value();
}

// "70MB": a number with an optional unit of 1024.
template <auto kMember, std::uint64_t kLow = 1, std::uint64_t kHigh = std::uint64_t{1} << 40>
bool set_bytes(Config& config, std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value =
      number<std::uint64_t>(text.substr(0, digits), std::min<std::uint64_t>(kLow, 1), std::uint64_t{1} << 40);
  const std::string unit = base::lower_case(text.substr(digits));
  int shift = -1;
  if (unit.empty() || unit == "b") shift = 0;
  if (unit == "kb") shift = 10;
  if (unit == "mb") shift = 20;
  if (unit == "gb") shift = 30;
  if (!value || shift < 0 || *value > (std::uint64_t{1} << 40 >> shift)) return false;
  config.*kMember = *value << shift;
  return config.*kMember >= kLow && config.*kMember <= kHigh;
}

// Of less than this nothing would have room.
constexpr std::uint64_t kSpoolBytesMin = 4 << 20;
bool set_spool_bytes(Config& config, std::string_view text) {
  return set_bytes<&Config::otlp_spool_bytes_max, 0>(config, text) &&
         (config.otlp_spool_bytes_max == 0 || config.otlp_spool_bytes_max >= kSpoolBytesMin);
}

template <auto kMember>
bool set_milliseconds(Config& config, std::string_view text) {
  const auto value = number<std::uint64_t>(text, 1, kMillisecondsMax);
  if (value) config.*kMember = std::chrono::milliseconds(*value);
  return value.has_value();
}

template <auto kMember>
bool set_secret(Config& config, std::string_view text) {
  if (is_clean(text)) config.*kMember = base::Secret(std::string(text));
  return is_clean(text);
}

template <auto kMember>
bool set_on_off(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.*kMember = value == "on" || value == "true";
  return config.*kMember || value == "off" || value == "false";
}

ProviderConfig* find_provider(Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.providers, name, &ProviderConfig::name);
  return found == config.providers.end() ? nullptr : &*found;
}

bool add_provider(Config& config, std::string_view name, const providers::Dialect& dialect,
                  std::string_view base_url) {
  auto url = http::parse_url(base_url);
  if (!url || !url->query.empty() || find_provider(config, name) != nullptr) return false;
  config.providers.push_back({.name = std::string(name), .dialect = &dialect, .base_url = std::move(*url)});
  return true;
}

bool set_compatible_providers(Config& config, std::string_view text) {
  const providers::Dialect& openai =
      *std::ranges::find(providers::dialects(), std::string_view("openai"), &providers::Dialect::name);
  return base::for_each_item(text, [&](std::string_view item) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = base::trimmed(item.substr(0, equals));
    return is_plain_name(name) && add_provider(config, name, openai, base::trimmed(item.substr(equals + 1)));
  });
}

bool set_usage_option_off(Config& config, std::string_view text) {
  return base::for_each_item(text, [&](std::string_view name) {
    ProviderConfig* const provider = find_provider(config, name);
    if (provider != nullptr) provider->usage_option = false;
    return provider != nullptr;
  });
}

template <auto kMember>
bool set_log_level(Config& config, std::string_view text) {
  return base::parse_log_level(base::lower_case(text), config.*kMember);
}

bool set_log_format(Config& config, std::string_view text) {
  const std::string value = base::lower_case(text);
  config.log_format = value == "text" ? base::LogFormat::kText : base::LogFormat::kJson;
  return value == "json" || value == "text";
}

bool set_bind(Config& config, std::string_view text) {
  config.bind.clear();
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (!net::SocketAddress::parse(item, 0)) return false;
    config.bind.emplace_back(item);
  }
  return !config.bind.empty();
}

bool set_name_servers(Config& config, std::string_view text) {
  constexpr std::uint16_t kDnsPort = 53;
  config.name_servers.clear();
  return base::for_each_item(text, [&](std::string_view item) {
    auto address = net::SocketAddress::parse(item, kDnsPort);
    if (const auto parts = http::parse_host(item); !address && parts)
      address = net::SocketAddress::parse(parts->host, parts->port == 0 ? kDnsPort : parts->port);
    if (address) config.name_servers.push_back(*address);
    return address.has_value();
  });
}

bool set_api_base_url(Config& config, std::string_view text) {
  config.api_base_url = text;
  if (text.empty()) return true;
  while (config.api_base_url.ends_with('/')) config.api_base_url.pop_back();
  const auto url = http::parse_url(text);
  return url && url->query.empty() && !text.ends_with('?');
}

bool set_trusted_proxies(Config& config, std::string_view text) {
  auto proxies = proxy::TrustedProxies::parse(text);
  if (proxies) config.trusted_proxies = std::move(*proxies);
  return proxies.has_value();
}

bool set_redactor(Config& config, std::string_view pattern) {
  auto redactor = policy::Redactor::make(pattern);
  if (redactor) config.redactor = std::move(*redactor);
  return redactor.has_value();
}

bool set_directory(Config& config, std::string_view text) {
  config.data_dir = text;
  return !text.empty();
}

bool set_https_proxy(Config& config, std::string_view text) {
  config.https_proxy = http_io::ForwardProxy::parse(text);
  return text.empty() || config.https_proxy;
}

bool set_no_proxy(Config& config, std::string_view text) {
  config.no_proxy = http_io::NoProxy::parse(text);
  return true;
}

template <auto kMember>
bool set_file(Config& config, std::string_view text) {
  config.*kMember = text;
  return text.empty() || std::ifstream(config.*kMember).good();
}

constexpr std::string_view kPort = "a port, 0 to 65535 (0: the system chooses)";
constexpr std::string_view kMilliseconds = "whole milliseconds, 1 to 604800000";
constexpr std::string_view kBytes = "a number of bytes with an optional unit: 70MB, 512KB, 1GB";
constexpr std::string_view kUrl = "an http or https URL without user, query or fragment";
constexpr std::string_view kEndpoint = "an http or https URL without user or fragment";
constexpr std::string_view kProtocol = "http/protobuf";
constexpr std::string_view kPemFile = "a readable PEM file";
constexpr std::string_view kLevel = "debug, info, warn, error or off";

/// The table with a base URL for each dialect in front of what is said of other providers.
std::vector<Setting> with_base_urls(std::vector<Setting> table) {
  std::vector<Setting> rows;
  for (const providers::Dialect& dialect : providers::dialects()) {
    std::string name(dialect.name);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    rows.push_back({.env = "ARCHESTRA_" + name + "_BASE_URL",
                    .default_value = dialect.base_url,
                    .accepted = kUrl,
                    .help = "where calls to " + std::string(dialect.name) + " go",
                    .set = [&dialect](Config& config, std::string_view text) {
                      return add_provider(config, dialect.name, dialect, text);
                    }});
  }
  const auto place =
      std::ranges::find(table, std::string_view("ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS"), &Setting::env);
  table.insert(place, std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  return table;
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> table = with_base_urls({
      {.env = "ARCHESTRA_API_PORT",
       .default_value = "9000",
       .accepted = kPort,
       .help = "port of the LLM proxy, the platform API, /health and /ready",
       .set = set_port<&Config::api_port>},
      {.env = "ARCHESTRA_METRICS_PORT",
       .default_value = "9050",
       .accepted = kPort,
       .help = "port of /metrics",
       .set = set_port<&Config::metrics_port>},
      {.env = "ARCHESTRA_BIND",
       .default_value = "127.0.0.1,::1",
       .accepted = "numeric IP addresses, separated by commas",
       .help = "addresses to listen on; the default serves this machine only",
       .set = set_bind},
      {.env = "ARCHESTRA_API_BASE_URL",
       .default_value = "",
       .accepted = "an http or https URL without user, query or fragment, or empty",
       .help = "what clients call the gateway, for URLs of ours that they get; empty: http://, or https://, "
               "and their Host",
       .set = set_api_base_url},
      {.env = "ARCHESTRA_TRUSTED_PROXIES",
       .default_value = "",
       .accepted = "IP addresses and networks, separated by commas: 10.0.0.0/8,::1",
       .help =
           "who may say by Forwarded or X-Forwarded-For for whom it calls: client_address in spans and logs",
       .set = set_trusted_proxies},
      {.env = "ARCHESTRA_DATA_DIR",
       .default_value = "./data",
       .accepted = "a folder",
       .help =
           "where the process keeps its files: agents, policies, sessions and the hash of the admin token "
           "(archestra.db), ports.json",
       .set = set_directory},
      {.env = "ARCHESTRA_THREADS",
       .default_value = "0",
       .accepted = "0 to 256 (0: one per core)",
       .help = "number of shards",
       .set = set_count<&Config::threads, 0, 256>},
      {.env = "ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS",
       .default_value = "",
       .accepted = "name=URL,name=URL; names of small letters, digits, - and _, each once",
       .help = "further providers that speak as openai does, called below /v1/<name>/; their base URLs",
       .set = set_compatible_providers},
      {.env = "ARCHESTRA_USAGE_OPTION_OFF",
       .default_value = "",
       .accepted = "names of providers, separated by commas",
       .help = "where streams whose client did not ask for usage are left so: servers that reject "
               "stream_options",
       .set = set_usage_option_off},
      {.env = "ARCHESTRA_CA_FILE",
       .default_value = "",
       .accepted = "a readable PEM file, or empty for the system's store",
       .help = "certificates trusted for upstreams and collector",
       .set = set_file<&Config::ca_file>},
      {.env = "HTTPS_PROXY",
       .default_value = "",
       .accepted =
           "http://user:password@host:port, of which the host is enough; an https:// proxy is not known",
       .help = "proxy by which https upstreams and an https collector are reached, but for this machine; "
               "https_proxy is read too, and first",
       .has_user_info = true,
       .also_small = true,
       .set = set_https_proxy},
      {.env = "NO_PROXY",
       .default_value = "",
       .accepted =
           "*, names, IP addresses and networks, separated by commas: corp.example,10.0.0.0/8,a.example:8443",
       .help =
           "who is reached without that proxy; a name means those below it too; no_proxy is read too, and "
           "first",
       .also_small = true,
       .set = set_no_proxy},
      {.env = "ARCHESTRA_DNS_SERVERS",
       .default_value = "",
       .accepted =
           "numeric addresses, each with :port or without, separated by commas: 10.0.0.2,[fd00::2]:5353",
       .help = "name servers to ask, in this order, instead of those in /etc/resolv.conf",
       .set = set_name_servers},
      {.env = "ARCHESTRA_TLS_CERT_FILE",
       .default_value = "",
       .accepted = "a readable PEM file, or empty for plain HTTP",
       .help = "certificate of the API port, and those between it and its authority; read again on SIGHUP",
       .set = set_file<&Config::tls_cert_file>},
      {.env = "ARCHESTRA_TLS_KEY_FILE",
       .default_value = "",
       .accepted = "a readable PEM file without a password, or empty for plain HTTP",
       .help = "the key of that certificate; read again with it",
       .set = set_file<&Config::tls_key_file>},
      {.env = "ARCHESTRA_API_BODY_LIMIT",
       .default_value = "70MB",
       .accepted = kBytes,
       .help = "largest request body that is read whole; beyond it 413",
       .set = set_bytes<&Config::body_bytes_max>},
      {.env = "ARCHESTRA_API_BODIES_LIMIT",
       .default_value = "512MB",
       .accepted = kBytes,
       .help = "all bodies in memory, per shard; beyond it 503",
       .set = set_bytes<&Config::bodies_bytes_max>},
      {.env = "ARCHESTRA_API_HEAD_LIMIT",
       .default_value = "64KB",
       .accepted = "a number of bytes with an optional unit, at least 1KB",
       .help = "largest request head; beyond it 431",
       .set = set_bytes<&Config::head_bytes_max, 1024>},
      {.env = "ARCHESTRA_CONTENT_LIMIT",
       .default_value = "16KB",
       .accepted = "a number of bytes with an optional unit, 1KB to 48KB",
       .help = "of what is said in calls of agents with captureContent: bytes of each attribute of a span",
       .set = set_bytes<&Config::content_bytes_max, 1024, call::CapturedContent::kBytesMax>},
      {.env = "ARCHESTRA_CONTENT_REDACT",
       .default_value = "",
       .accepted = "a regular expression of RE2, or empty",
       .help = "what it matches in captured content is replaced, as credentials are",
       .set = set_redactor},
      {.env = "ARCHESTRA_CALLS_IN_FLIGHT_LIMIT",
       .default_value = "10000",
       .accepted = "1 to 1000000",
       .help = "LLM calls at a time, per shard; beyond it 503",
       .set = set_count<&Config::calls_in_flight_max, 1, 1'000'000>},
      {.env = "ARCHESTRA_CONNECTIONS_LIMIT",
       .default_value = "50000",
       .accepted = "1 to 10000000",
       .help = "client connections at a time; beyond it calls get 503",
       .set = set_count<&Config::connections_max, 1, 10'000'000>},
      {.env = "ARCHESTRA_CONNECTIONS_PER_ADDRESS_LIMIT",
       .default_value = "0",
       .accepted = "0 to 10000000",
       .help = "the same, of one client address; 0: any number",
       .set = set_count<&Config::connections_per_address_max, 0, 10'000'000>},
      {.env = "ARCHESTRA_UPSTREAM_CONNECT_TIMEOUT_MS",
       .default_value = "10000",
       .accepted = kMilliseconds,
       .help = "name, TCP, a proxy's tunnel and TLS together",
       .set = set_milliseconds<&Config::connect_timeout>},
      {.env = "ARCHESTRA_UPSTREAM_CONNECTIONS_LIMIT",
       .default_value = "10000",
       .accepted = "1 to 1000000",
       .help =
           "connections to one provider, per shard; beyond it calls wait for one as long as connecting may "
           "take, then 503",
       .set = set_count<&Config::upstream_connections_max, 1, 1'000'000>},
      {.env = "ARCHESTRA_UPSTREAM_POOL_IDLE_TIMEOUT_MS",
       .default_value = "30000",
       .accepted = kMilliseconds,
       .help = "a connection without a call is kept this long; less than the provider keeps it, and a second "
               "less than its Keep-Alive field says",
       .set = set_milliseconds<&Config::pool_idle_timeout>},
      {.env = "ARCHESTRA_UPSTREAM_FIRST_BYTE_TIMEOUT_MS",
       .default_value = "600000",
       .accepted = kMilliseconds,
       .help = "from the request sent to the response's head",
       .set = set_milliseconds<&Config::first_byte_timeout>},
      {.env = "ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS",
       .default_value = "300000",
       .accepted = kMilliseconds,
       .help = "between two reads of a response",
       .set = set_milliseconds<&Config::idle_timeout>},
      {.env = "ARCHESTRA_UPSTREAM_TOTAL_TIMEOUT_MS",
       .default_value = "3600000",
       .accepted = kMilliseconds,
       .help = "all tries of a call with the pauses between them, to the end of its response",
       .set = set_milliseconds<&Config::total_timeout>},
      {.env = "ARCHESTRA_RETRIES",
       .default_value = "0",
       .accepted = "0 to 10",
       .help = "further tries of a call whose provider cannot be connected to or answers 429, 502, 503 or "
               "529; not of bodies that stream through. SDKs have retries of their own",
       .set = set_count<&Config::retries_max, 0, 10>},
      {.env = "ARCHESTRA_RETRY_BACKOFF_MS",
       .default_value = "500",
       .accepted = kMilliseconds,
       .help = "longest pause before the second try, where the provider asks for none; doubles from try to "
               "try, and any shorter one is as likely",
       .set = set_milliseconds<&Config::retry_backoff>},
      {.env = "ARCHESTRA_RETRY_WAIT_MAX_MS",
       .default_value = "10000",
       .accepted = kMilliseconds,
       .help = "longest pause of all; an answer whose Retry-After asks for more goes to the client",
       .set = set_milliseconds<&Config::retry_wait_max>},
      {.env = "ARCHESTRA_CLIENT_IDLE_TIMEOUT_MS",
       .default_value = "75000",
       .accepted = kMilliseconds,
       .help = "a connection without a request is kept this long",
       .set = set_milliseconds<&Config::client_idle_timeout>},
      {.env = "ARCHESTRA_CLIENT_HEAD_TIMEOUT_MS",
       .default_value = "10000",
       .accepted = kMilliseconds,
       .help = "for a request's head to arrive",
       .set = set_milliseconds<&Config::client_head_timeout>},
      {.env = "ARCHESTRA_CLIENT_BODY_TIMEOUT_MS",
       .default_value = "60000",
       .accepted = kMilliseconds,
       .help = "for a request body that is read whole, beyond a second for each 16 KB; between two reads of "
               "one that streams",
       .set = set_milliseconds<&Config::client_body_timeout>},
      {.env = "ARCHESTRA_CLIENT_SEND_TIMEOUT_MS",
       .default_value = "120000",
       .accepted = kMilliseconds,
       .help = "a client that takes nothing for so long has left",
       .set = set_milliseconds<&Config::client_send_timeout>},
      {.env = "ARCHESTRA_DRAIN_TIMEOUT_MS",
       .default_value = "30000",
       .accepted = kMilliseconds,
       .help = "calls may finish this long after SIGTERM",
       .reloads = true,
       .set = set_milliseconds<&Config::drain_timeout>},
      {.env = "ARCHESTRA_LOG_LEVEL",
       .default_value = "info",
       .accepted = kLevel,
       .help = "the process's own log, on stderr",
       .reloads = true,
       .set = set_log_level<&Config::log_level>},
      {.env = "ARCHESTRA_ACCESS_LOG_LEVEL",
       .default_value = "info",
       .accepted = kLevel,
       .help = "the log of calls, on stdout; debug adds requests that are no LLM calls",
       .reloads = true,
       .set = set_log_level<&Config::access_log_level>},
      {.env = "ARCHESTRA_LOG_FORMAT",
       .default_value = "json",
       .accepted = "json or text",
       .help = "how the lines of both logs are written; text is key=value, for people to read",
       .set = set_log_format},
      {.env = "ARCHESTRA_METRICS_SECRET",
       .default_value = "",
       .accepted = "text without control characters",
       .help = "when set, /metrics wants it as a bearer token",
       .secret = true,
       .set = set_secret<&Config::metrics_secret>},
      {.env = "ARCHESTRA_ADMIN_TOKEN",
       .default_value = "",
       .accepted = "text without control characters",
       .help = "the bearer token of /api; without it one is made at the first start, and printed once",
       .secret = true,
       .set = set_secret<&Config::admin_token>},
      {.env = "ARCHESTRA_SESSION_LIFETIME_MS",
       .default_value = "43200000",
       .accepted = kMilliseconds,
       .help = "whoever signs in with the admin token is signed out after this time",
       .set = set_milliseconds<&Config::session_lifetime>},
      {.env = "ARCHESTRA_METRICS_LABEL_SETS",
       .default_value = "2000",
       .accepted = "1 to 100000",
       .help = "combinations of provider, model, agent and its labels with series of their own; what comes "
               "beyond them is counted together as __overflow__",
       .set = set_count<&Config::metrics_label_sets, 1, 100'000>},
      {.env = "ARCHESTRA_HISTORY_LIMIT",
       .default_value = "32MB",
       .accepted = "a number of bytes with an optional unit, from 1MB to 16GB",
       .help = "memory for the statistics of the last day and the last calls, as /api and the UI show them",
       .set = set_bytes<&Config::history_bytes_max, 1 << 20, std::uint64_t{16} << 30>},
      {.env = "ARCHESTRA_METRICS_RETIRE_AFTER_MS",
       .default_value = "3600000",
       .accepted = kMilliseconds,
       .help = "how long the series of a deleted agent stay",
       .set = set_milliseconds<&Config::metrics_retire_after>},
      {.env = "ARCHESTRA_METRICS_NATIVE_HISTOGRAMS",
       .default_value = "off",
       .accepted = "on or off",
       .help = "whether histograms of single values have Prometheus' native buckets too, in protobuf",
       .set = set_on_off<&Config::has_native_histograms>},
      {.env = "OTEL_METRICS_EXEMPLAR_FILTER",
       .default_value = "trace_based",
       .accepted = "trace_based or always_off",
       .help =
           "whether metrics of calls name some of the spans that are exported, in OpenMetrics, protobuf and "
           "OTLP",
       .set = set_exemplar_filter},
      // Of the next three the last one that says something wins, and likewise of the samplers below and of
      // each variable of all signals and the one of traces alone; see otel_settings.h.
      {.env = "OTEL_EXPORTER_OTLP_ENDPOINT",
       .default_value = "http://localhost:4318",
       .accepted = kEndpoint,
       .help =
           "the OpenTelemetry collector, for all signals; they go to v1/traces, v1/logs and v1/metrics below "
           "its path",
       .own_key = "otel_exporter_otlp_base_endpoint",
       .set = set_otlp_base_endpoint},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
       .default_value = "",
       .accepted = kEndpoint,
       .help = "where spans go, as it is; wins over the one of all signals",
       .set = set_one<&Config::otlp_traces, set_otlp_signal_endpoint>},
      {.env = "ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT",
       .default_value = "",
       .accepted = kEndpoint,
       .help = "where spans go, http://localhost:4318/v1/traces if nothing says otherwise; without a path, "
               "/v1/traces; wins over both OTEL_ ones. Where its path ends so, logs and metrics go beside it",
       .set = set_otlp_endpoint},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
       .default_value = "",
       .accepted = kEndpoint,
       .help = "where the log of calls goes, as it is; wins over all others",
       .set = set_one<&Config::otlp_logs, set_otlp_signal_endpoint>},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
       .default_value = "",
       .accepted = kEndpoint,
       .help = "where metrics go, as it is; wins over all others",
       .set = set_one<&Config::otlp_metrics, set_otlp_signal_endpoint>},
      {.env = "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_BEARER",
       .default_value = "",
       .accepted = "text without control characters",
       .help = "bearer token for the collector; wins over user and password",
       .secret = true,
       .set = set_secret<&Config::otlp_bearer>},
      {.env = "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME",
       .default_value = "",
       .accepted = "text without control characters",
       .help = "user for basic authentication; needs the password too",
       .secret = true,
       .set = set_secret<&Config::otlp_username>},
      {.env = "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD",
       .default_value = "",
       .accepted = "text without control characters",
       .help = "password for basic authentication; needs the user too",
       .secret = true,
       .set = set_secret<&Config::otlp_password>},
      {.env = "OTEL_TRACES_SAMPLER_ARG",
       .default_value = "",
       .accepted = "0 to 1",
       .help = "the ratio of the samplers that have one, 1 without it",
       .set = set_sampler_arg},
      {.env = "OTEL_TRACES_SAMPLER",
       .default_value = "parentbased_always_on",
       .accepted = "always_on, always_off, traceidratio, or one of them behind parentbased_",
       .help = "which traces are recorded; parentbased_: only where no caller has decided",
       .set = set_sampler},
      {.env = "ARCHESTRA_OTEL_TRACES_SAMPLE_RATE",
       .default_value = "",
       .accepted = "0 to 1",
       .help = "share of traces that are recorded where no caller has decided; wins over OTEL_TRACES_SAMPLER",
       .set = set_sample_rate},
      {.env = "OTEL_EXPORTER_OTLP_HEADERS",
       .default_value = "",
       .accepted = "name=value,name=value, values percent-encoded",
       .help = "further header fields for the collector",
       .secret = true,
       .set = set_all<set_otlp_signal_headers>},
      {.env = "OTEL_EXPORTER_OTLP_COMPRESSION",
       .default_value = "none",
       .accepted = "none or gzip",
       .help = "how signals travel; gzip costs about as much CPU as relaying the call",
       .set = set_all<set_otlp_signal_compression>},
      {.env = "OTEL_EXPORTER_OTLP_TIMEOUT",
       .default_value = "10000",
       .accepted = kMilliseconds,
       .help = "one request to the collector",
       .set = set_all<set_otlp_signal_timeout>},
      {.env = "OTEL_TRACES_EXPORTER",
       .default_value = "otlp",
       .accepted = "otlp or none",
       .help = "none turns the export of spans off",
       .set = set_traces_exporter},
      {.env = "OTEL_LOGS_EXPORTER",
       .default_value = "none",
       .accepted = "otlp or none",
       .help = "otlp sends the log of calls to the collector too, as records in the traces of the calls",
       .set = set_logs_exporter},
      {.env = "OTEL_METRICS_EXPORTER",
       .default_value = "none",
       .accepted = "otlp, none or prometheus",
       .help = "otlp sends all metrics to the collector too; /metrics is served in any case",
       .set = set_metrics_exporter},
      {.env = "ARCHESTRA_OTEL_SPOOL_LIMIT",
       .default_value = "256MB",
       .accepted = "0, or a number of bytes with an optional unit, from 4MB to 1024GB",
       .help =
           "disk for what the collector has not taken yet, below the data folder, for each of spans and "
           "logs; "
           "beyond it they are dropped and counted. 0: nothing waits on the disk, and nothing outlives the "
           "process",
       .set = set_spool_bytes},
      {.env = "ARCHESTRA_OTEL_SPOOL_MAX_AGE_MS",
       .default_value = "86400000",
       .accepted = kMilliseconds,
       .help = "what the collector has not taken for so long is dropped and counted",
       .set = set_milliseconds<&Config::otlp_spool_age_max>},
      {.env = "OTEL_BSP_SCHEDULE_DELAY",
       .default_value = "5000",
       .accepted = kMilliseconds,
       .help = "between two batches of spans",
       .set = set_milliseconds<&Config::bsp_schedule_delay>},
      {.env = "OTEL_BSP_MAX_QUEUE_SIZE",
       .default_value = "16384",
       .accepted = "64 to 1000000",
       .help = "spans that wait for the collector in memory alone, where none is named or the disk takes "
               "nothing; "
               "beyond it they are dropped and counted",
       .set = set_count<&Config::bsp_max_queue_size, 64, 1'000'000>},
      {.env = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
       .default_value = "512",
       .accepted = "1 to 100000",
       .help = "spans in one batch",
       .set = set_count<&Config::bsp_max_export_batch_size, 1, 100'000>},
      {.env = "OTEL_BSP_EXPORT_TIMEOUT",
       .default_value = "300000",
       .accepted = kMilliseconds,
       .help =
           "for one batch of spans, all tries together at a collector that answers; then it goes behind the "
           "others, or, in memory alone, is dropped and counted",
       .set = set_milliseconds<&Config::bsp_export_timeout>},
      {.env = "OTEL_BLRP_SCHEDULE_DELAY",
       .default_value = "1000",
       .accepted = kMilliseconds,
       .help = "between two batches of log records",
       .set = set_milliseconds<&Config::blrp_schedule_delay>},
      {.env = "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
       .default_value = "512",
       .accepted = "1 to 100000",
       .help = "log records in one batch",
       .set = set_count<&Config::blrp_max_export_batch_size, 1, 100'000>},
      {.env = "OTEL_METRIC_EXPORT_INTERVAL",
       .default_value = "60000",
       .accepted = kMilliseconds,
       .help = "between two exports of all metrics",
       .set = set_milliseconds<&Config::metric_export_interval>},
      {.env = "OTEL_METRIC_EXPORT_TIMEOUT",
       .default_value = "30000",
       .accepted = kMilliseconds,
       .help = "for one export of all metrics, all tries together; what is not taken then is dropped and "
               "counted, for the next one says more",
       .set = set_milliseconds<&Config::metric_export_timeout>},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
       .default_value = "",
       .accepted = "name=value,name=value, values percent-encoded",
       .help = "those of all signals are not sent with spans then",
       .secret = true,
       .set = set_one<&Config::otlp_traces, set_otlp_signal_headers>},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
       .default_value = "",
       .accepted = "none or gzip",
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_traces, set_otlp_signal_compression>},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
       .default_value = "",
       .accepted = kMilliseconds,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_traces, set_otlp_signal_timeout>},
      {.env = "OTEL_EXPORTER_OTLP_PROTOCOL",
       .default_value = "",
       .accepted = kProtocol,
       .help = "what the collector is spoken to in; there is no other one",
       .set = set_otlp_protocol},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
       .default_value = "",
       .accepted = kProtocol,
       .help = "likewise",
       .set = set_otlp_protocol},
      {.env = "OTEL_EXPORTER_OTLP_CERTIFICATE",
       .default_value = "",
       .accepted = kPemFile,
       .help = "certificates trusted for the collector instead of those in ARCHESTRA_CA_FILE",
       .set = set_all<set_otlp_signal_certificate>},
      {.env = "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
       .default_value = "",
       .accepted = kPemFile,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_traces, set_otlp_signal_certificate>},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
       .default_value = "",
       .accepted = "name=value,name=value, values percent-encoded",
       .help = "those of all signals are not sent with log records then",
       .secret = true,
       .set = set_one<&Config::otlp_logs, set_otlp_signal_headers>},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
       .default_value = "",
       .accepted = "none or gzip",
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_logs, set_otlp_signal_compression>},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
       .default_value = "",
       .accepted = kMilliseconds,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_logs, set_otlp_signal_timeout>},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
       .default_value = "",
       .accepted = kProtocol,
       .help = "likewise",
       .set = set_otlp_protocol},
      {.env = "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
       .default_value = "",
       .accepted = kPemFile,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_logs, set_otlp_signal_certificate>},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
       .default_value = "",
       .accepted = "name=value,name=value, values percent-encoded",
       .help = "those of all signals are not sent with metrics then",
       .secret = true,
       .set = set_one<&Config::otlp_metrics, set_otlp_signal_headers>},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
       .default_value = "",
       .accepted = "none or gzip",
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_metrics, set_otlp_signal_compression>},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
       .default_value = "",
       .accepted = kMilliseconds,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_metrics, set_otlp_signal_timeout>},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
       .default_value = "",
       .accepted = kProtocol,
       .help = "likewise",
       .set = set_otlp_protocol},
      {.env = "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
       .default_value = "",
       .accepted = kPemFile,
       .help = "wins over the one of all signals",
       .set = set_one<&Config::otlp_metrics, set_otlp_signal_certificate>},
      {.env = "OTEL_SDK_DISABLED",
       .default_value = "false",
       .accepted = "true or false",
       .help = "true turns all export off",
       .set = set_sdk_disabled},
      {.env = "OTEL_RESOURCE_ATTRIBUTES",
       .default_value = "",
       .accepted = "anything; what is no list of key=value, percent-encoded, is left out with a warning",
       .help = "what spans say of this process: deployment.environment.name=production,...",
       .set = set_resource_attributes},
      {.env = "OTEL_SERVICE_NAME",
       .default_value = "",
       .accepted = "a name",
       .help = "service.name of all that is exported; without it that in OTEL_RESOURCE_ATTRIBUTES, else "
               "archestra",
       .set = set_service_name},
      {.env = "ARCHESTRA_OTEL_SPAN_NAMES",
       .default_value = "provider",
       .accepted = "provider or genai",
       .help = "what the spans of LLM calls are called: openai.chat.completions, or chat gpt-4o as "
               "OpenTelemetry's GenAI conventions have it",
       .set = set_span_names},
  });
  return table;
}

}  // namespace archestra::app
