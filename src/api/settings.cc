#include "api/settings.h"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.h"
#include "http/url.h"

namespace archestra::api {
namespace {

// Members of JSON objects. A comma stands in front of each that is not the first of its object.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& open(std::string_view name, char bracket) {
    key(name);
    out_ += bracket;
    return *this;
  }
  Writer& open_item() {
    separate();
    out_ += '{';
    return *this;
  }
  Writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  Writer& text(std::string_view name, std::string_view value) {
    key(name);
    base::append_json_string(out_, value);
    return *this;
  }
  Writer& text_or_null(std::string_view name, const std::optional<std::string>& value) {
    return value ? text(name, *value) : null(name);
  }
  Writer& boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
    return *this;
  }
  template <class Number>
  Writer& number(std::string_view name, Number value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  Writer& time(std::string_view name, const std::optional<base::WallTime>& value) {
    if (!value) return null(name);
    key(name);
    out_ += '"';
    base::append_iso_time(out_, *value);
    out_ += '"';
    return *this;
  }

 private:
  Writer& null(std::string_view name) {
    key(name);
    out_ += "null";
    return *this;
  }
  void separate() {
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
  }
  void key(std::string_view name) {
    separate();
    base::append_json_string(out_, name);
    out_ += ':';
  }
  std::string& out_;
};

void write_queue(Writer& writer, std::string_view name, const telemetry::QueueFill& queue) {
  writer.open(name, '{').number("waiting", queue.waiting).number("max", queue.max).close('}');
}

void write_telemetry(Writer& writer, const EffectiveSettings& effective, const telemetry::Health& health) {
  const telemetry::ExportHealth::Facts& exports = health.exports;
  writer.open("telemetry", '{')
      .open("traces", '{')
      .boolean("exported", effective.traces_are_exported)
      .text("endpoint", effective.traces_endpoint)
      .number("sent", health.spans_sent)
      .number("rejected", health.spans_rejected)
      .number("unsent", health.unsent_spans)
      .number("oldestUnsentSeconds", health.oldest_unsent_seconds)
      .boolean("failing", exports.failing)
      .text_or_null("lastError", exports.last_error_at ? std::optional(exports.last_error) : std::nullopt)
      .time("lastErrorAt", exports.last_error_at)
      .time("lastSuccessAt", exports.last_success_at)
      .close('}')
      .open("queues", '{');
  write_queue(writer, "spans", health.spans);
  write_queue(writer, "spoolBytes", health.spool_bytes);
  write_queue(writer, "recordBytes", health.record_bytes);
  write_queue(writer, "logBytes", health.log_bytes);
  writer.close('}').open("dropped", '[');
  for (const telemetry::Dropped& dropped : health.dropped)
    writer.open_item()
        .text("signal", dropped.signal)
        .text("reason", dropped.reason)
        .number("count", dropped.count)
        .close('}');
  writer.close(']').close('}');
}

void write_settings(Writer& writer, const std::vector<EffectiveSettings::Setting>& settings) {
  writer.open("settings", '[');
  for (const EffectiveSettings::Setting& setting : settings)
    writer.open_item()
        .text("name", setting.name)
        .text("flag", setting.flag)
        .text_or_null("value", setting.value)
        .text("source", setting.source)
        .boolean("isSecret", setting.is_secret)
        .boolean("reloads", setting.reloads)
        .text("description", setting.description)
        .close('}');
  writer.close(']');
}

// The page of the metrics is on plain HTTP whatever the API port speaks.
std::string metrics_url(std::string_view base_url, std::uint16_t port) {
  const auto url = http::parse_url(base_url);
  if (!url) return "";
  return fmt::format("http://{}/metrics", http::host_and_port(url->host, port));
}

}  // namespace

ServiceAnswer Settings::get(std::string_view host) const {
  const auto effective = sources_.effective();
  const bool is_set = !effective->api_base_url.empty();
  const std::string base_url =
      is_set ? effective->api_base_url : fmt::format("{}://{}", effective->scheme, host);
  std::string body = "{";
  Writer writer(body);
  writer.text("version", ARCHESTRA_VERSION)
      .time("startedAt", effective->started_at)
      .text("apiBaseUrl", base_url)
      .text("apiBaseUrlSource", is_set ? "setting" : "request")
      .text("metricsUrl", metrics_url(base_url, effective->metrics_port))
      .boolean("metricsSecretSet", effective->metrics_secret_is_set)
      .open("providers", '[');
  for (const EffectiveSettings::Provider& provider : effective->providers)
    writer.open_item()
        .text("name", provider.name)
        .text("dialect", provider.dialect)
        .text("baseUrl", fmt::format("{}/v1/{}", base_url, provider.name))
        .text("upstreamUrl", provider.upstream_url)
        .close('}');
  writer.close(']');
  write_settings(writer, effective->settings);
  write_telemetry(writer, *effective, sources_.telemetry());
  writer.close('}');
  return json_answer(200, std::move(body));
}

}  // namespace archestra::api
