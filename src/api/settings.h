// The handler of /api/settings: where the gateway is reached, what it runs with, and whether its telemetry
// arrives. What it shows is handed to it without secrets. On the api thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answers.h"
#include "base/clock.h"
#include "telemetry/health.h"

namespace archestra::api {

/// What the process runs with, made for being shown.
struct EffectiveSettings {
  struct Provider {
    std::string name;
    std::string dialect;
    std::string upstream_url;
  };
  struct Setting {
    std::string name;
    std::string flag;
    std::optional<std::string> value;  ///< nothing of a secret is in it; none where it is not set
    std::string_view source;
    bool is_secret = false;
    bool reloads = false;
    std::string description;
  };
  base::WallTime started_at = {};
  std::string api_base_url = {};  ///< "" where it is not set: then it is this, "http" or "https",
  std::string_view scheme = {};   ///< and the request's Host
  std::uint16_t metrics_port = 0;
  bool metrics_secret_is_set = false;
  std::vector<Provider> providers = {};
  std::vector<Setting> settings = {};
  bool traces_are_exported = false;
  std::string traces_endpoint = {};
};

/// Where it comes from. Called on the api thread.
struct SettingsSources {
  std::function<std::shared_ptr<const EffectiveSettings>()> effective;
  std::function<telemetry::Health()> telemetry;
};

class Settings {
 public:
  explicit Settings(SettingsSources sources) : sources_(std::move(sources)) {}

  /// To a request with this Host.
  ServiceAnswer get(std::string_view host) const;

 private:
  const SettingsSources sources_;
};

}  // namespace archestra::api
