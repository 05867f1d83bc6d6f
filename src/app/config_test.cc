#include "app/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

namespace archestra::app {
namespace {

std::string error_of(const Texts& environment) {
  try {
    load({}, environment, {});
  } catch (const ConfigError& error) {
    return error.text;
  }
  return "";
}

TEST(Config, DefaultsAreAllAcceptable) {
  const Effective effective = load({}, {}, {});
  EXPECT_EQ(effective.config.api_port, 9000);
  EXPECT_EQ(effective.config.metrics_port, 9050);
  EXPECT_EQ(effective.config.body_bytes_max, std::uint64_t{70} << 20);
  EXPECT_EQ(effective.config.otlp_traces.endpoint.path, "/v1/traces");
  EXPECT_EQ(effective.config.providers.at(0).base_url.host, "api.openai.com");
}

TEST(Config, FlagBeatsEnvironmentBeatsFile) {
  const Texts nine{{"ARCHESTRA_API_PORT", "9"}}, eight{{"ARCHESTRA_API_PORT", "8"}},
      seven{{"ARCHESTRA_API_PORT", "7"}};
  EXPECT_EQ(load(nine, eight, seven).config.api_port, 9);
  EXPECT_EQ(load({}, eight, seven).config.api_port, 8);
  EXPECT_EQ(load({}, {}, seven).config.api_port, 7);
}

TEST(Config, AProviderThatSpeaksAsOpenAiDoesIsALine) {
  const Config config = load({},
                             {{"ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS",
                               "groq=https://api.groq.com/openai/v1, ollama = http://localhost:11434/v1"},
                              {"ARCHESTRA_USAGE_OPTION_OFF", "ollama"}},
                             {})
                            .config;
  const std::size_t dialects = providers::dialects().size();
  ASSERT_EQ(config.providers.size(), dialects + 2);
  const ProviderConfig& groq = config.providers[dialects];
  EXPECT_EQ(groq.name, "groq");
  EXPECT_EQ(groq.dialect->name, "openai");
  EXPECT_EQ(groq.base_url.host, "api.groq.com");
  EXPECT_EQ(groq.base_url.path, "/openai/v1");
  EXPECT_TRUE(groq.usage_option);
  const ProviderConfig& ollama = config.providers[dialects + 1];
  EXPECT_EQ(ollama.name, "ollama");
  EXPECT_EQ(ollama.base_url.port, 11434);
  EXPECT_FALSE(ollama.usage_option);
}

TEST(Config, OurOwnUrlHasNoSlashAtItsEnd) {
  EXPECT_EQ(load({}, {}, {}).config.api_base_url, "");
  for (const auto& [text, url] : {std::pair{"https://llm.example.com", "https://llm.example.com"},
                                  {"http://[::1]:9000/", "http://[::1]:9000"},
                                  {"https://example.com/llm//", "https://example.com/llm"}})
    EXPECT_EQ(load({}, {{"ARCHESTRA_API_BASE_URL", text}}, {}).config.api_base_url, url) << text;
  for (const char* text :
       {"llm.example.com", "ftp://a", "http://", "http://a?b", "http://a?", "http://u@a", "http://a#b"})
    EXPECT_NE(error_of({{"ARCHESTRA_API_BASE_URL", text}}), "") << text;
}

TEST(Config, ProvidersThatMakeNoSenseAreRefused) {
  for (const char* text : {"groq", "=http://a/", "groq=", "groq=ftp://a/", "Groq=http://a/", "a/b=http://a/",
                           "openai=http://a/", "a=http://a/,a=http://b/", "a=http://a/?key=1"})
    EXPECT_THROW(load({}, {{"ARCHESTRA_OPENAI_COMPATIBLE_PROVIDERS", text}}, {}), ConfigError) << text;
}

TEST(Config, NameServersAreNumericAddresses) {
  EXPECT_TRUE(load({}, {}, {}).config.name_servers.empty());
  const auto servers = load({}, {{"ARCHESTRA_DNS_SERVERS", "10.0.0.2, 127.0.0.1:5353,::1,[fd00::2]:54"}}, {})
                           .config.name_servers;
  std::string text;
  for (const net::SocketAddress& server : servers)
    text += server.ip_text() + " " + std::to_string(server.port()) + ";";
  EXPECT_EQ(text, "10.0.0.2 53;127.0.0.1 5353;::1 53;fd00::2 54;");
  for (const char* bad : {"dns.example.com", "10.0.0.2:0x", "10.0.0.2:70000", "10.0.0.2;10.0.0.3"})
    EXPECT_NE(error_of({{"ARCHESTRA_DNS_SERVERS", bad}}), "") << bad;
}

TEST(Config, ABadValueIsNamedWithItsSettingAndWhatIsAccepted) {
  const std::string text = error_of({{"ARCHESTRA_API_PORT", "70000"}});
  EXPECT_NE(text.find("ARCHESTRA_API_PORT"), std::string::npos) << text;
  EXPECT_NE(text.find("70000"), std::string::npos) << text;
  EXPECT_NE(text.find("65535"), std::string::npos) << text;
}

TEST(Config, BadSecretsAreNotRepeated) {
  const std::string text = error_of({{"ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_BEARER", "hidden\nvalue"}});
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST(Config, EveryKindRefusesNonsense) {
  const std::pair<const char*, const char*> cases[] = {
      {"ARCHESTRA_BIND", "localhost"},
      {"ARCHESTRA_THREADS", "257"},
      {"ARCHESTRA_API_BODY_LIMIT", "0"},
      {"ARCHESTRA_API_BODY_LIMIT", "5XB"},
      {"ARCHESTRA_API_BODY_LIMIT", "9999999TB"},
      {"ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS", "0"},
      {"ARCHESTRA_OTEL_TRACES_SAMPLE_RATE", "1.1"},
      {"ARCHESTRA_OTEL_TRACES_SAMPLE_RATE", "nan"},
      {"ARCHESTRA_USAGE_OPTION_OFF", "nobody"},
      {"ARCHESTRA_OTEL_SPAN_NAMES", "short"},
      {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
      {"OTEL_TRACES_SAMPLER", "parentbased_"},
      {"OTEL_TRACES_SAMPLER_ARG", "-0.1"},
      {"OTEL_SDK_DISABLED", "yes"},
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://collector"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
      {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"},
      {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "-1"},
      {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"},
      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "novalue"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "novalue"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "a=%zz"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "a=x%0d%0ab: c"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "Content-Length=5"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "a=b,host=c"},
      {"ARCHESTRA_API_HEAD_LIMIT", "1023"},
      {"HTTPS_PROXY", "https://proxy:3128"},
      {"ARCHESTRA_OPENAI_BASE_URL", "http://host/v1?api-version=1"},
      {"ARCHESTRA_OPENAI_BASE_URL", "http://user:pass@host"}};
  for (const auto& [name, value] : cases)
    EXPECT_FALSE(error_of({{name, value}}).empty()) << name << "=" << value;
}

TEST(Config, PasswordsInUrlsAreNotRepeated) {
  const std::string text = error_of({{"ARCHESTRA_OPENAI_BASE_URL", "http://user:hunter2@host/v1"}});
  EXPECT_NE(text.find("\"http://***@host/v1\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(Config, PasswordsOfAProxyAreNotRepeated) {
  for (const char* text :
       {"https://user:hidden@proxy", "http://user:hid?den@proxy/x", "user:hid/den@proxy"}) {
    const std::string error = error_of({{"HTTPS_PROXY", text}});
    EXPECT_NE(error.find("HTTPS_PROXY"), std::string::npos) << error;
    EXPECT_EQ(error.find("hid"), std::string::npos) << error;
  }
  for (const char* text :
       {"http://user:hidden@proxy:3128", "user:hidden@proxy:3128", "http://u:hid@den@proxy:3128"}) {
    const std::string printed = print(load({}, {{"HTTPS_PROXY", text}}, {}));
    EXPECT_NE(printed.find("***@proxy:3128\"  # environment"), std::string::npos) << printed;
    EXPECT_EQ(printed.find("hid"), std::string::npos) << printed;
  }
  EXPECT_NE(
      print(load({{"HTTPS_PROXY", "proxy:3128"}}, {}, {})).find("\nhttps_proxy = \"proxy:3128\"  # flag"),
      std::string::npos);
}

TEST(Config, OneBodyFitsIntoTheMemoryForAll) {
  EXPECT_EQ(error_of({{"ARCHESTRA_API_BODY_LIMIT", "1MB"}, {"ARCHESTRA_API_BODIES_LIMIT", "1MB"}}), "");
  const std::string text =
      error_of({{"ARCHESTRA_API_BODY_LIMIT", "2MB"}, {"ARCHESTRA_API_BODIES_LIMIT", "1MB"}});
  EXPECT_NE(text.find("ARCHESTRA_API_BODIES_LIMIT"), std::string::npos) << text;
}

TEST(Config, EndpointFormsFollowTheContract) {
  const auto path = [](const char* url) {
    return load({}, {{"ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT", url}}, {}).config.otlp_traces.endpoint.path;
  };
  EXPECT_EQ(path("http://c:4318/v1/traces"), "/v1/traces");
  EXPECT_EQ(path("http://c:4318"), "/v1/traces");
  EXPECT_EQ(path("http://c:4318/"), "/v1/traces");
  EXPECT_EQ(path("http://c:4318/otlp"), "/otlp");
  EXPECT_EQ(path("http://c:4318/otlp/v1/traces"), "/otlp/v1/traces");
}

TEST(Config, TheMoreSpecialEndpointWins) {
  const auto endpoint = [](const Texts& environment) {
    const http::Url url = load({}, environment, {}).config.otlp_traces.endpoint;
    return url.host + url.path;
  };
  const std::string base = "OTEL_EXPORTER_OTLP_ENDPOINT", traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                    ours = "ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT";
  EXPECT_EQ(endpoint({}), "localhost/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b"}}), "b/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b/"}}), "b/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b/x"}}), "b/x/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b/x/"}}), "b/x/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b/v1/traces"}}), "b/v1/traces/v1/traces");
  EXPECT_EQ(endpoint({{base, "http://b"}, {traces, "http://t"}}), "t/");
  EXPECT_EQ(endpoint({{base, "http://b"}, {traces, "http://t/x"}}), "t/x");
  EXPECT_EQ(endpoint({{base, "http://b"}, {traces, "http://t/x"}, {ours, "http://o"}}), "o/v1/traces");
  // Whatever it comes from.
  EXPECT_EQ(load({{base, "http://b"}}, {{traces, "http://t"}}, {{ours, "http://o/x"}})
                .config.otlp_traces.endpoint.host,
            "o");
}

TEST(Config, SamplersAreOpenTelemetrysUnlessOursSaysOtherwise) {
  struct Case {
    Texts environment;
    double rate;
    bool parent_decides;
  };
  const std::string kind = "OTEL_TRACES_SAMPLER", ratio = "OTEL_TRACES_SAMPLER_ARG",
                    ours = "ARCHESTRA_OTEL_TRACES_SAMPLE_RATE";
  const Case cases[] = {{{}, 1, true},
                        {{{ratio, "0.5"}}, 1, true},
                        {{{kind, "always_on"}, {ratio, "0.5"}}, 1, false},
                        {{{kind, "always_off"}}, 0, false},
                        {{{kind, "traceidratio"}}, 1, false},
                        {{{kind, "traceidratio"}, {ratio, "0.5"}}, 0.5, false},
                        {{{kind, "ParentBased_TraceIdRatio"}, {ratio, "0.5"}}, 0.5, true},
                        {{{kind, "parentbased_always_off"}}, 0, true},
                        {{{kind, "always_off"}, {ours, "0.25"}}, 0.25, true}};
  for (const Case& c : cases) {
    const Config config = load({}, c.environment, {}).config;
    EXPECT_EQ(config.traces_sample_rate, c.rate);
    EXPECT_EQ(config.parent_decides_sampling, c.parent_decides);
  }
}

TEST(Config, ThatOfTracesWinsOverThatOfAllSignals) {
  const Config config = load({},
                             {{"OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2"},
                              {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "c=3"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
                              {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"},
                              {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                              {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"},
                              {"OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/protobuf"}},
                             {})
                            .config;
  ASSERT_EQ(config.otlp_traces.headers.size(), 1u);
  EXPECT_EQ(config.otlp_traces.headers[0].first, "c");
  EXPECT_EQ(config.otlp_traces.timeout, std::chrono::seconds(2));
  EXPECT_FALSE(config.otlp_traces.gzip);
  EXPECT_TRUE(config.traces_exported);
  EXPECT_FALSE(load({}, {{"OTEL_SDK_DISABLED", "True"}}, {}).config.traces_exported);
  EXPECT_FALSE(load({}, {{"OTEL_SDK_DISABLED", "false"}, {"OTEL_TRACES_EXPORTER", "none"}}, {})
                   .config.traces_exported);
}

TEST(Config, EachSignalHasItsEndpoint) {
  const std::string base = "OTEL_EXPORTER_OTLP_ENDPOINT", traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                    logs = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
                    metrics = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
                    ours = "ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT";
  const auto endpoints = [](const Texts& environment) {
    const Config config = load({}, environment, {}).config;
    std::string text;
    for (const OtlpTarget* target : {&config.otlp_traces, &config.otlp_logs, &config.otlp_metrics})
      text += target->endpoint.host + target->endpoint.path + " ";
    return text;
  };
  EXPECT_EQ(endpoints({}), "localhost/v1/traces localhost/v1/logs localhost/v1/metrics ");
  EXPECT_EQ(endpoints({{base, "http://b/x/"}}), "b/x/v1/traces b/x/v1/logs b/x/v1/metrics ");
  EXPECT_EQ(endpoints({{base, "http://b"}, {traces, "http://t/y"}}), "t/y b/v1/logs b/v1/metrics ");
  EXPECT_EQ(endpoints({{base, "http://b"}, {logs, "http://l"}, {metrics, "http://m/y"}}),
            "b/v1/traces l/ m/y ");
  EXPECT_EQ(endpoints({{base, "http://b"}, {ours, "http://o"}}), "o/v1/traces o/v1/logs o/v1/metrics ");
  EXPECT_EQ(endpoints({{ours, "http://o/p/v1/traces"}, {metrics, "http://m/y"}}),
            "o/p/v1/traces o/p/v1/logs m/y ");
}

TEST(Config, TheEndpointOfAnotherSignalIsNotGuessed) {
  Texts environment{{"ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT", "http://o/otlp"}};
  EXPECT_FALSE(load({}, environment, {}).config.logs_exported);
  environment["OTEL_LOGS_EXPORTER"] = "otlp";
  const std::string text = error_of(environment);
  EXPECT_NE(text.find("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"), std::string::npos) << text;
  environment["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = "http://l/otlp-logs";
  EXPECT_EQ(load({}, environment, {}).config.otlp_logs.endpoint.path, "/otlp-logs");
  environment["OTEL_METRICS_EXPORTER"] = "otlp";
  EXPECT_NE(error_of(environment).find("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"), std::string::npos);
  environment["OTEL_SDK_DISABLED"] = "true";
  EXPECT_FALSE(load({}, environment, {}).config.metrics_exported);
}

TEST(Config, ThatOfOneSignalWinsOverThatOfAll) {
  const Config config = load({},
                             {{"OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=2"},
                              {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", "c=3"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
                              {"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"},
                              {"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"},
                              {"OTEL_METRICS_EXPORTER", "prometheus"}},
                             {})
                            .config;
  EXPECT_EQ(config.otlp_logs.headers.size(), 1u);
  EXPECT_EQ(config.otlp_metrics.headers.size(), 2u);
  EXPECT_EQ(config.otlp_logs.timeout, std::chrono::seconds(1));
  EXPECT_EQ(config.otlp_metrics.timeout, std::chrono::seconds(2));
  EXPECT_TRUE(config.otlp_metrics.gzip);
  EXPECT_FALSE(config.otlp_logs.gzip);
  EXPECT_FALSE(config.logs_exported);
  EXPECT_FALSE(config.metrics_exported);
  EXPECT_EQ(config.metric_export_interval, std::chrono::minutes(1));
}

TEST(Config, ResourceAttributesAreAllOrNone) {
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  const auto config = [](const char* text, const char* name = "") {
    return load({}, {{"OTEL_RESOURCE_ATTRIBUTES", text}, {"OTEL_SERVICE_NAME", name}}, {}).config;
  };
  const auto attributes = [&](const char* text) { return config(text).resource_attributes; };
  EXPECT_EQ(attributes(""), Attributes{});
  EXPECT_EQ(attributes("deployment.environment.name=prod, team = a%2Cb%3Dc ,,"),
            (Attributes{{"deployment.environment.name", "prod"}, {"team", "a,b=c"}}));
  EXPECT_EQ(attributes("a%2Fb=,c=d=e"), (Attributes{{"a/b", ""}, {"c", "d=e"}}));
  EXPECT_EQ(attributes("a=1,b=2,a=3"), (Attributes{{"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(attributes("a\xff=1"), (Attributes{{"a\xef\xbf\xbd", "1"}}));
  for (const char* text : {"a=1,b", "a=1,=2", "a=1,b=%zz", "a=1,%=2", "a=1,b=%4"}) {
    EXPECT_EQ(attributes(text), Attributes{}) << text;
    EXPECT_TRUE(config(text).resource_attributes_discarded) << text;
  }
  EXPECT_FALSE(config("a=1").resource_attributes_discarded);
  EXPECT_EQ(config("a=1").service_name, "archestra");
  EXPECT_EQ(config("service.name=theirs").service_name, "theirs");
  EXPECT_EQ(config("service.name=theirs", "ours").service_name, "ours");
}

TEST(Config, WarnsOfWhatIsIgnored) {
  const auto warns_of = [](const Texts& environment, std::string_view what) {
    return std::ranges::any_of(warnings_of(load({}, environment, {}).config),
                               [&](const Warning& warning) { return warning.name.contains(what); });
  };
  EXPECT_FALSE(warns_of({}, "OTEL_"));
  EXPECT_TRUE(warns_of({{"OTEL_RESOURCE_ATTRIBUTES", "no list"}}, "OTEL_RESOURCE_ATTRIBUTES"));
  const Texts half{{"ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME", "alice"}};
  EXPECT_TRUE(warns_of(half, "ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD"));
}

TEST(Config, PrintingMasksSecrets) {
  const std::string text = print(load({}, {{"ARCHESTRA_METRICS_SECRET", "hidden"}}, {}));
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("metrics_secret = \"********\"  # environment"), std::string::npos) << text;
  EXPECT_NE(text.find("api_port = \"9000\"  # default"), std::string::npos) << text;
}

TEST(Config, KeysAreUnique) {
  std::set<std::string> keys;
  for (const Setting& setting : settings()) EXPECT_TRUE(keys.insert(setting.key()).second) << setting.key();
}

TEST(ConfigFile, ReadsWhatPrintWrites) {
  const std::string path = testing::TempDir() + "/archestra_config_test.toml";
  std::ofstream(path) << print(load({{"ARCHESTRA_THREADS", "3"}}, {}, {}));
  EXPECT_EQ(load({}, {}, texts_from_file(path)).config.threads, 3u);
  std::ofstream(path) << "api_port = 1234\ntraces = 5\n";
  EXPECT_THROW(texts_from_file(path), ConfigError);
  std::ofstream(path) << "api_port = [\n";
  EXPECT_THROW(texts_from_file(path), ConfigError);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace archestra::app
