// What the program can be told to do. Each returns the exit code; ConfigError is main's to print.
#pragma once

#include <functional>
#include <string>

#include "app/config.h"

namespace archestra::app {

/// Serves until SIGTERM or SIGINT, then drains. `load_config` gives the configuration, and again at each
/// SIGHUP.
int serve(const std::function<Effective()>& load_config);
/// Asks a running gateway's /health: 0 where it answers. The port is the configured one, or what
/// <data dir>/ports.json says where that is 0.
int healthcheck(const Config& config);
/// Makes a new admin token in the store of the data folder and prints it; a gateway that runs there takes it
/// from the next request on.
int reset_admin_token(const Config& config);

}  // namespace archestra::app
