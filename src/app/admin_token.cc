#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "api/admin_token.h"
#include "app/commands.h"
#include "app/data_dir.h"

namespace archestra::app {

int reset_admin_token(const Config& config) {
  if (!config.admin_token.empty())
    throw ConfigError{
        "ARCHESTRA_ADMIN_TOKEN is set: it is the admin token, and only changing the setting changes it"};
  make_data_dir(config.data_dir);
  store::Store store = open_store(config.data_dir);
  const auto token = api::reset_admin_token(store);
  if (!token) throw store_error(config.data_dir, token.error());
  fmt::print("{}\n", token->reveal());
  // Whoever asked must not believe that they have it where it went nowhere.
  if (std::fflush(stdout) != 0)
    throw ConfigError{
        fmt::format("the old token is valid no more, and the new one cannot be shown: {}; reset again",
                    std::error_code(errno, std::generic_category()).message())};
  return 0;
}

}  // namespace archestra::app
