#include "app/settings_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace archestra::app {
namespace {

const api::EffectiveSettings::Setting& find(const api::EffectiveSettings& view, std::string_view name) {
  return *std::ranges::find(view.settings, name, &api::EffectiveSettings::Setting::name);
}

// Everything that is shown, as one text.
std::string all_of(const api::EffectiveSettings& view) {
  std::string text = view.api_base_url + view.traces_endpoint;
  for (const auto& provider : view.providers) text += provider.name + provider.upstream_url;
  for (const auto& setting : view.settings) text += setting.value.value_or("") + setting.description;
  return text;
}

TEST(SettingsView, HasEachSettingWithItsSource) {
  const Effective effective =
      load({{"ARCHESTRA_API_PORT", "1"}}, {{"ARCHESTRA_THREADS", "2"}}, {{"ARCHESTRA_RETRIES", "3"}});
  const api::EffectiveSettings view = settings_view(effective, effective);
  ASSERT_EQ(view.settings.size(), settings().size());
  EXPECT_EQ(find(view, "ARCHESTRA_API_PORT").value, "1");
  EXPECT_EQ(find(view, "ARCHESTRA_API_PORT").source, "flag");
  EXPECT_EQ(find(view, "ARCHESTRA_API_PORT").flag, "--api-port");
  EXPECT_EQ(find(view, "ARCHESTRA_THREADS").source, "environment");
  EXPECT_EQ(find(view, "ARCHESTRA_RETRIES").source, "file");
  EXPECT_EQ(find(view, "ARCHESTRA_METRICS_PORT").source, "default");
  EXPECT_EQ(find(view, "ARCHESTRA_CA_FILE").value, std::nullopt);
  EXPECT_EQ(view.scheme, "http");
  EXPECT_EQ(view.traces_endpoint, "http://localhost:4318/v1/traces");
  EXPECT_EQ(view.providers.front().upstream_url, "https://api.openai.com/v1");
}

TEST(SettingsView, NothingOfASecretIsInIt) {
  Texts texts{{"HTTPS_PROXY", "http://hush-user:hush-password@proxy:1"},
              {"ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/v1/traces?key=hush-query"}};
  std::size_t secrets = 0;
  for (const Setting& setting : settings()) {
    if (!setting.secret) continue;
    texts[setting.env] = setting.env.ends_with("HEADERS") ? "authorization=hush" : "hush";
    ++secrets;
  }
  ASSERT_GE(secrets, 7u);
  const Effective effective = load({}, texts, {});
  const api::EffectiveSettings view = settings_view(effective, effective);
  EXPECT_EQ(all_of(view).find("hush"), std::string::npos) << all_of(view);
  EXPECT_EQ(std::ranges::count(view.settings, std::optional<std::string>("***"),
                               &api::EffectiveSettings::Setting::value),
            static_cast<std::ptrdiff_t>(secrets));
  EXPECT_EQ(find(view, "HTTPS_PROXY").value, "http://***@proxy:1");
  EXPECT_EQ(view.traces_endpoint, "https://collector/v1/traces?***");
  EXPECT_TRUE(view.metrics_secret_is_set);
  const Effective none = load({}, {}, {});
  EXPECT_EQ(find(settings_view(none, none), "ARCHESTRA_ADMIN_TOKEN").value, std::nullopt);
}

TEST(SettingsView, OfSettingsThatReloadWhatWasTakenOn) {
  const Effective before = load({}, {}, {});
  const Effective after = load({}, {{"ARCHESTRA_DRAIN_TIMEOUT_MS", "5"}, {"ARCHESTRA_RETRIES", "5"}}, {});
  const api::EffectiveSettings view = settings_view(before, after);
  EXPECT_EQ(find(view, "ARCHESTRA_DRAIN_TIMEOUT_MS").value, "5");
  EXPECT_EQ(find(view, "ARCHESTRA_DRAIN_TIMEOUT_MS").source, "environment");
  EXPECT_EQ(find(view, "ARCHESTRA_RETRIES").value, "0") << "it takes a restart";
}

}  // namespace
}  // namespace archestra::app
