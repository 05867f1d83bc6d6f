#include "app/wiring.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <latch>
#include <semaphore>
#include <string>
#include <system_error>

#include "api/access.h"
#include "api/admin_token.h"
#include "app/data_dir.h"
#include "app/ui_site.h"
#include "base/base64.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/this_thread.h"

namespace archestra::app {
namespace {

// A large body on a thin line is no attack: what arrives at this rate may go on.
constexpr std::size_t kBodyBytesPerSecondMin = std::size_t{16} << 10;
constexpr base::Duration kFlushLimit = std::chrono::seconds(5);
// A connection beyond the limit has so long to ask, for there are not many places for such.
constexpr base::Duration kSurplusTimeout = std::chrono::seconds(2);
constexpr base::Duration kLogFlushMin = std::chrono::milliseconds(200);
// After the last connection without a request was closed the platform API has nothing to do any more.
constexpr base::Duration kQuietMargin = std::chrono::milliseconds(500);

std::size_t shard_count(const Config& config) {
  return config.threads != 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency());
}

std::unique_ptr<net::TlsContext> make_tls(std::string_view setting, const std::string& ca_file) {
  auto context = net::TlsContext::make(ca_file);
  if (!context) throw ConfigError{fmt::format("{} \"{}\": {}", setting, ca_file, context.error().what)};
  return std::move(*context);
}

std::map<std::string, std::unique_ptr<net::TlsContext>> make_collector_tls(const Config& config) {
  std::map<std::string, std::unique_ptr<net::TlsContext>> contexts;
  for (const OtlpTarget* target : {&config.otlp_traces, &config.otlp_logs, &config.otlp_metrics})
    if (!target->ca_file.empty() && !contexts.contains(target->ca_file))
      contexts.emplace(target->ca_file, make_tls("OTEL_EXPORTER_OTLP_CERTIFICATE", target->ca_file));
  return contexts;
}

std::unique_ptr<net::TlsIdentity> make_identity(const Config& config) {
  if (config.tls_cert_file.empty()) return nullptr;
  auto identity = net::TlsIdentity::make(config.tls_cert_file, config.tls_key_file);
  if (!identity)
    throw ConfigError{fmt::format("ARCHESTRA_TLS_CERT_FILE \"{}\", ARCHESTRA_TLS_KEY_FILE \"{}\": {}",
                                  config.tls_cert_file, config.tls_key_file, identity.error().what)};
  return std::move(*identity);
}

net::ListenSockets listen(const Config& config, std::string_view setting, std::uint16_t port,
                          std::optional<net::ListenSockets>& inherited) {
  if (inherited) return std::move(*inherited);
  auto sockets = net::ListenSockets::bind(config.bind, port);
  if (!sockets)
    throw ConfigError{fmt::format("{}: cannot listen on port {}: {}", setting, port, sockets.error().text())};
  return std::move(*sockets);
}

const http_io::ForwardProxy* proxy_for(const http::Url& url, const Config& config) {
  return http_io::proxy_for(url, config.https_proxy, config.no_proxy);
}

proxy::Target target(const providers::Provider& provider, const ProviderConfig& config,
                     const net::TlsContext& tls, const http_io::ForwardProxy* proxy) {
  const http::Url& url = config.base_url;
  std::string path = url.path;
  while (path.ends_with('/')) path.pop_back();
  return {.provider = &provider,
          .endpoint = {.host = url.host, .port = url.port, .tls = url.is_https ? &tls : nullptr},
          .proxy = proxy,
          .base_path = path,
          .host_field = url.authority(),
          .usage_option =
              config.usage_option ? providers::UsageOption::kAskFor : providers::UsageOption::kLeaveAlone};
}

proxy::SettingsRef proxy_settings(const Config& config, const net::TlsContext& tls,
                                  const net::TlsIdentity* identity) {
  auto settings = std::make_shared<proxy::Settings>();
  settings->identity = identity;
  settings->site = ui_site();
  for (const ProviderConfig& provider : config.providers) {
    if (settings->registry.find(provider.name) == nullptr)
      settings->registry.add(provider.name, *provider.dialect);
    settings->targets.push_back(
        target(*settings->registry.find(provider.name), provider, tls, proxy_for(provider.base_url, config)));
  }
  settings->api_base_url = config.api_base_url;
  settings->trusted_proxies = config.trusted_proxies;
  settings->inbound = {.head = {.head_bytes_max = config.head_bytes_max},
                       .idle_timeout = config.client_idle_timeout,
                       .head_timeout = config.client_head_timeout};
  settings->surplus_inbound = {.head = settings->inbound.head,
                               .idle_timeout = std::min(config.client_idle_timeout, kSurplusTimeout),
                               .head_timeout = std::min(config.client_head_timeout, kSurplusTimeout)};
  settings->body = {.body_bytes_max = config.body_bytes_max,
                    .memory_bytes_max = config.bodies_bytes_max,
                    .bytes_per_second_min = kBodyBytesPerSecondMin};
  settings->client_body_timeout = config.client_body_timeout;
  settings->client_send_timeout = config.client_send_timeout;
  settings->timeouts.connect = config.connect_timeout;
  settings->timeouts.first_byte = config.first_byte_timeout;
  settings->timeouts.idle = config.idle_timeout;
  settings->timeouts.total = config.total_timeout;
  settings->retry = {.retries_max = static_cast<unsigned>(config.retries_max),
                     .backoff = config.retry_backoff,
                     .wait_max = config.retry_wait_max};
  settings->calls_in_flight_max = config.calls_in_flight_max;
  settings->upstream_connections_max = config.upstream_connections_max;
  settings->timeouts.pooled_idle = config.pool_idle_timeout;
  settings->resolver.name_servers = config.name_servers;
  settings->content_bytes_max = config.content_bytes_max;
  settings->redactor = config.redactor;
  return settings;
}

telemetry::Sampler sampler(const Config& config) {
  using Parent = telemetry::Sampler::Parent;
  return telemetry::Sampler(config.traces_sample_rate,
                            config.parent_decides_sampling ? Parent::kDecides : Parent::kIsIgnored);
}

telemetry::Telemetry::Options telemetry_options(const Config& config) {
  base::Random random = base::Random::from_entropy();
  return {
      .shards = shard_count(config),
      .shard = {.sampler = sampler(config),
                .exports_spans = config.traces_exported,
                .retirement = {.after = config.metrics_retire_after},
                .native_histograms = config.has_native_histograms ? telemetry::NativeHistograms::kYes
                                                                  : telemetry::NativeHistograms::kNo,
                .has_exemplars = config.has_exemplars},
      .access_log_level = config.access_log_level,
      .log_format = config.log_format,
      .resource = {.service_name = config.service_name,
                   .service_version = ARCHESTRA_VERSION,
                   .service_instance_id = base::Uuid::random(random).text(),
                   .attributes = config.resource_attributes},
      .unsent = {.folder = config.otlp_spool_bytes_max > 0 && (config.traces_exported || config.logs_exported)
                               ? config.data_dir + "/telemetry"
                               : std::string(),
                 .has_named_collector = config.otlp_endpoint_is_named,
                 .disk_bytes_max = config.otlp_spool_bytes_max,
                 .age_max = config.otlp_spool_age_max,
                 .memory_items_max = config.bsp_max_queue_size},
      .exports_logs = config.logs_exported,
      .span_names = config.gen_ai_span_names ? telemetry::otlp::SpanNames::kGenAi
                                             : telemetry::otlp::SpanNames::kProvider,
      .label_sets_max = config.metrics_label_sets,
      .history = {.bytes_max = config.history_bytes_max}};
}

// Bearer wins over basic; basic needs both parts.
base::Secret authorization(const Config& config) {
  if (!config.otlp_bearer.empty()) return base::Secret("Bearer " + std::string(config.otlp_bearer.reveal()));
  if (config.otlp_username.empty() || config.otlp_password.empty()) return {};
  return base::Secret("Basic " + base::base64(std::string(config.otlp_username.reveal()) + ":" +
                                              std::string(config.otlp_password.reveal())));
}

telemetry::otlp::ExporterOptions exporter_options(
    const Config& config, const net::TlsContext& tls,
    const std::map<std::string, std::unique_ptr<net::TlsContext>>& collector_tls) {
  const auto client = [&](const OtlpTarget& target) -> telemetry::otlp::ClientOptions {
    const auto own = collector_tls.find(target.ca_file);
    return {.endpoint = target.endpoint,
            .proxy = proxy_for(target.endpoint, config),
            .tls = own != collector_tls.end() ? own->second.get() : &tls,
            .authorization = authorization(config),
            .headers = target.headers,
            .compression =
                target.gzip ? telemetry::otlp::Compression::kGzip : telemetry::otlp::Compression::kNone,
            .request_timeout = target.timeout};
  };
  telemetry::otlp::ExporterOptions options{
      .trace_batches = {.items_max = std::min(config.bsp_max_export_batch_size, config.bsp_max_queue_size),
                        .schedule_delay = config.bsp_schedule_delay,
                        .timeout = config.bsp_export_timeout},
      .log_batches = {.items_max = std::min(config.blrp_max_export_batch_size, config.bsp_max_queue_size),
                      .schedule_delay = config.blrp_schedule_delay,
                      .timeout = config.bsp_export_timeout},
      .metric_reader = {.interval = config.metric_export_interval, .timeout = config.metric_export_timeout},
      .name_servers = config.name_servers};
  if (config.traces_exported) options.traces = client(config.otlp_traces);
  if (config.logs_exported) options.logs = client(config.otlp_logs);
  if (config.metrics_exported) options.metrics = client(config.otlp_metrics);
  return options;
}

// Once, so that nobody has to guess which way calls and telemetry take.
void log_proxy(const Config& config, const proxy::Settings& settings) {
  if (!config.https_proxy) return;
  std::string providers;
  for (const proxy::Target& target : settings.targets)
    if (target.proxy != nullptr)
      providers.append(providers.empty() ? "" : ", ").append(target.provider->name());
  bool exports = false;
  for (const auto& [is_exported, target] : {std::pair{config.traces_exported, &config.otlp_traces},
                                            std::pair{config.logs_exported, &config.otlp_logs},
                                            std::pair{config.metrics_exported, &config.otlp_metrics}})
    exports |= is_exported && proxy_for(target->endpoint, config) != nullptr;
  const std::string authority = config.https_proxy->authority();
  base::log(base::LogLevel::kInfo, "upstreams are reached by a proxy",
            {{"proxy", std::string_view(authority)},
             {"providers", std::string_view(providers)},
             {"collector", exports ? "yes" : "no"}});
}

// There is no last good set yet, and to serve without one would let through what it forbids.
api::LoadedPolicies load_policies(const Config& config, store::Store& store) {
  auto rows = store.policies();
  if (!rows) throw store_error(config.data_dir, rows.error());
  auto policies = api::compile_policies(std::move(*rows));
  if (!policies) throw store_error(config.data_dir, policies.error().message);
  return std::move(*policies);
}

// The one moment at which a token can be read: to whoever starts the gateway, whatever the level of its log.
void make_admin_token(const Config& config, store::Store& store) {
  if (!config.admin_token.empty()) return;
  const auto token = api::make_first_admin_token(store);
  if (!token) throw store_error(config.data_dir, token.error());
  if (!*token) return;
  const std::string line =
      fmt::format("archestra: the admin token, shown only now: {}\n", (*token)->reveal());
  if (std::fputs(line.c_str(), stderr) >= 0 && std::fflush(stderr) == 0) return;
  const std::error_code why(errno, std::generic_category());
  // Nobody has it: the next start is to show another.
  if (const auto forgotten = store.set_admin_token_hash(""); !forgotten)
    throw store_error(config.data_dir, forgotten.error());
  throw ConfigError{fmt::format("the admin token cannot be shown on standard error: {}", why.message())};
}

// Those of an admin token that was valid before this start. Nobody can use them, so a full disk that keeps
// them is no reason not to serve.
void end_old_sessions(const Config& config, store::Store& store) {
  const auto valid = api::admin_token_hash(config.admin_token, store);
  if (!valid) throw store_error(config.data_dir, valid.error());
  const auto ended = api::end_old_sessions(store, *valid);
  if (!ended)
    base::log(base::LogLevel::kWarn, "sessions that are over stay in the store",
              {{"why", ended.error().text()}});
}

api::AccessOptions access_options(const Config& config) {
  const bool is_https = !config.tls_cert_file.empty() || config.api_base_url.starts_with("https:");
  return {.admin_token = config.admin_token,
          .session_lifetime = config.session_lifetime,
          .cookies = is_https ? api::CookieScope::kHttpsOnly : api::CookieScope::kAnyScheme};
}

void show_store(telemetry::StoreMetrics& metrics, store::Store& store) {
  using Operation = telemetry::StoreMetrics::Operation;
  using Result = telemetry::StoreMetrics::Result;
  store.watch([&metrics](store::Operation operation, base::Duration took, store::Success success) {
    metrics.observe(operation == store::Operation::kRead ? Operation::kRead : Operation::kWrite, took,
                    success == store::Success::kYes ? Result::kSuccess : Result::kError);
  });
}

// Who is at the other end of a loop's sockets; "" where it has none of that kind.
struct SocketTypes {
  std::string_view accepted;
  std::string_view connected;
};

telemetry::HandshakeCounts handshakes(const net::HandshakeStats& stats) {
  return {.full = stats.full, .resumed = stats.resumed, .failed = stats.failed};
}

void show_loop(telemetry::RuntimeMetrics& runtime, const net::EventLoop& loop, SocketTypes types) {
  const net::LoopStats& stats = loop.stats();
  if (!types.accepted.empty()) runtime.show_handles(types.accepted, stats.accepted);
  if (types.accepted == "client_socket")
    runtime.show_handshakes(types.accepted, handshakes(stats.tls_accepted));
  if (!types.connected.empty()) {
    runtime.show_handles(types.connected, stats.connected);
    runtime.show_handles("resolver_socket", stats.resolver_sockets);
    runtime.show_requests("dns_lookup", stats.lookups);
    runtime.show_requests("dial", stats.dials);
    runtime.show_handshakes(types.connected, handshakes(stats.tls_connected));
  }
  runtime.show_handles("timer", loop.timers().armed());
}

}  // namespace

Gateway::Gateway(const Effective& effective, InheritedSockets sockets)
    : started_with_(effective),
      config_(effective.config),
      drain_timeout_(config_.drain_timeout),
      tls_(make_tls("ARCHESTRA_CA_FILE", config_.ca_file)),
      collector_tls_(make_collector_tls(config_)),
      identity_(make_identity(config_)),
      api_sockets_(listen(config_, "ARCHESTRA_API_PORT", config_.api_port, sockets.api)),
      metrics_sockets_(listen(config_, "ARCHESTRA_METRICS_PORT", config_.metrics_port, sockets.metrics)),
      connection_limit_(config_.connections_max, config_.connections_per_address_max),
      log_writer_(STDOUT_FILENO),
      telemetry_(telemetry_options(config_), log_writer_) {
  const Config& config = config_;
  store::Store store = open_store(config.data_dir);
  show_store(telemetry_.store(), store);
  const auto agents = api::load_agents(store);
  if (!agents) throw store_error(config.data_dir, agents.error());
  api::LoadedPolicies policies = load_policies(config, store);
  make_admin_token(config, store);
  end_old_sessions(config, store);
  show_settings(effective);
  const proxy::SettingsRef settings = proxy_settings(config, *tls_, identity_.get());
  log_proxy(config, *settings);
  for (std::size_t i = 0; i < shard_count(config); ++i)
    shards_.emplace_back(settings, *agents, policies.set, api_, api_, telemetry_.observer(i), api_sockets_,
                         connection_limit_);
  for (const proxy::Shard& shard : shards_) telemetry_.history().count_in_flight(shard.calls_in_flight);
  exporter_ = std::make_unique<telemetry::otlp::Exporter>(telemetry_,
                                                          exporter_options(config, *tls_, collector_tls_));
  show_runtime();
  metrics_server_ = std::make_unique<MetricsServer>(telemetry_, metrics_sockets_, config.metrics_secret);
  telemetry_.runtime().show_handles("listening_socket", metrics_server_->loop().stats().listening);
  show_loop(telemetry_.runtime(), metrics_server_->loop(), {.accepted = "scraper_socket", .connected = ""});
  start_threads(make_api(std::move(store), *agents, std::move(policies)));
}

// What is under way and open: each module counts its own.
void Gateway::show_runtime() {
  telemetry::RuntimeMetrics& runtime = telemetry_.runtime();
  for (proxy::Shard& shard : shards_) {
    const net::LoopStats& loop = shard.loop.stats();
    runtime.show_lag(loop.lag);
    runtime.show_requests("llm_call", shard.calls_in_flight);
    show_loop(runtime, shard.loop, {.accepted = "client_socket", .connected = "upstream_socket"});
    runtime.show_buffers(shard.buffers.stats());
    runtime.show_over_limit("total", shard.over_total);
    runtime.show_over_limit("per_address", shard.over_address);
    runtime.show_accept_pauses(loop.accept_pauses);
    telemetry::Histogram& trims = runtime.add_reclaims("buffers");
    telemetry_.memory().add_pool(shard.buffers.stats(), [&shard, &trims] {
      shard.trim([&trims](base::Duration took) { trims.observe(took); });
    });
  }
  // All shards wait for the same ones.
  runtime.show_handles("listening_socket", shards_.front().loop.stats().listening);
  runtime.show_requests("api_request", api_.under_way());
  runtime.show_requests("telemetry_export", exporter_->requests_under_way());
  show_loop(runtime, exporter_->loop(), {.accepted = "", .connected = "collector_socket"});
}

std::unique_ptr<api::Api> Gateway::make_api(store::Store store, model::AgentDirectoryRef agents,
                                            api::LoadedPolicies policies) {
  api::Snapshots snapshots{.agents = std::move(agents),
                           .policies = std::move(policies),
                           .publish_agents = [this](const model::AgentUpdate& update) { publish(update); },
                           .publish_policies = [this](const policy::PolicySetRef& set) { publish(set); }};
  api::SettingsSources settings{.effective = [this] { return settings_.shown(); },
                                .telemetry = [this] { return telemetry_.health(); }};
  return std::make_unique<api::Api>(
      std::move(store), std::move(snapshots), access_options(config_), std::move(settings),
      telemetry_.access_log_level(), telemetry_.policy_set(), telemetry_.history(),
      [this] { return telemetry_.collect_metrics(telemetry::Reader::kApi); }, live_feed_);
}

// Where the system has no more threads, those that were made end before the reason is told.
void Gateway::start_threads(std::unique_ptr<api::Api> api) try {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shard_threads_.emplace_back([&shard = shards_[i], i] {
      base::name_this_thread(fmt::format("shard-{}", i));
      shard.run();
    });
  api_.start(std::move(api));
} catch (...) {
  for (std::size_t i = 0; i < shard_threads_.size(); ++i) {
    shards_[i].drain(base::Duration::zero(), [] {});
    shards_[i].end();
  }
  for (std::thread& thread : shard_threads_) thread.join();
  shard_threads_.clear();
  throw;
}

// On the api thread.
template <class Snapshot>
void Gateway::publish(const Snapshot& snapshot) {
  const auto used = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shards_.size()));
  for (proxy::Shard& shard : shards_) shard.publish(snapshot, [used] { used->count_down(); });
  used->wait();
}

Gateway::~Gateway() {
  stop([] {});
}

void Gateway::reload() {
  if (identity_) reload_certificate();
  api_.reload_policies();
}

void Gateway::reload_certificate() {
  const auto loaded = identity_->reload();
  if (loaded)
    base::log(base::LogLevel::kInfo, "certificate read again",
              {{"file", std::string_view(config_.tls_cert_file)},
               {"not_after", std::string_view(identity_->not_after())}});
  else
    base::log(base::LogLevel::kError, "certificate not read again; the old one stays in force",
              {{"file", std::string_view(config_.tls_cert_file)}, {"why", loaded.error().what}});
}

void Gateway::stop_accepting() {
  std::latch stopped(static_cast<std::ptrdiff_t>(shards_.size()));
  for (proxy::Shard& shard : shards_) shard.stop_accepting([&stopped] { stopped.count_down(); });
  stopped.wait();
  // Nobody waits on them any more: whoever comes now is refused at once instead of hanging in a queue.
  api_sockets_.close();
}

void Gateway::take_on(const Effective& before, const Effective& after) {
  const Config& next = after.config;
  if (next.log_level != before.config.log_level) base::set_log_level(next.log_level);
  if (next.access_log_level != before.config.access_log_level)
    telemetry_.access_log_level().set(next.access_log_level);
  drain_timeout_ = next.drain_timeout;
  show_settings(after);
}

void Gateway::show_settings(const Effective& taken_on) {
  api::EffectiveSettings view = settings_view(started_with_, taken_on);
  view.started_at = started_at_;
  view.metrics_port = metrics_port();
  settings_.show(std::move(view));
}

// Nobody but the calls that are still under way needs this process any more.
void Gateway::close_store() {
  api_.stop();
  // Two processes that answer scrapes by turns would look like counters that jump.
  if (metrics_sockets_.are_adopted()) metrics_server_->stop_accepting();
}

void Gateway::stop(const std::function<void()>& on_store_closed) {
  if (!metrics_server_) return;  // the last to go
  stop_accepting();
  const auto drained = std::make_shared<std::counting_semaphore<>>(0);
  for (proxy::Shard& shard : shards_) shard.drain(drain_timeout_, [drained] { drained->release(); });
  std::size_t draining = shards_.size();
  const auto quiet_at = base::monotonic_now() + proxy::Shard::kDrainIdleTimeout + kQuietMargin;
  while (draining > 0 && drained->try_acquire_until(quiet_at)) --draining;
  close_store();
  on_store_closed();
  for (; draining > 0; --draining) drained->acquire();
  for (proxy::Shard& shard : shards_) shard.end();
  for (std::thread& thread : shard_threads_) thread.join();
  // One limit for both; the log's lines are few and near.
  const auto flush_by = base::monotonic_now() + kFlushLimit;
  exporter_->stop(kFlushLimit);
  log_writer_.stop(std::max<base::Duration>(flush_by - base::monotonic_now(), kLogFlushMin));
  metrics_server_.reset();
}

}  // namespace archestra::app
