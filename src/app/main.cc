// The command line. CLI11 parses; what the commands do is in commands.h.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>
#include <exception>
#include <string>
#include <thread>

#include "api/openapi.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/signals.h"
#include "simulator/simulator.h"
#include "telemetry/metrics/metrics_doc.h"

namespace {

using namespace archestra;

constexpr int kBadUsage = 2;

// A closed standard descriptor would be the number of the next socket, and get what was meant for a log.
void open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int opened = ::open("/dev/null", O_RDWR);
}

/// The flags of one command: every setting of the table, and the file.
class SettingFlags {
 public:
  explicit SettingFlags(CLI::App& command) {
    command.add_option("--config", config_file_, "TOML file with settings (or ARCHESTRA_CONFIG)")
        ->envname(std::string(app::kConfigFileVariable));
    for (const app::Setting& setting : app::settings()) {
      std::string& text = texts_.emplace_back();
      const std::string shown = fmt::format(
          "{}{}", setting.default_value.empty() ? "" : fmt::format(" [{}]", setting.default_value),
          setting.reloads ? ", taken on with SIGHUP" : "");
      CLI::Option* const option = command.add_option(
          setting.flag(), text, fmt::format("{}{} ({})", setting.help, shown, setting.env));
      options_.push_back({&setting, option, &text});
    }
  }

  app::Effective load() const {
    app::Texts flags;
    for (const auto& [setting, option, text] : options_)
      if (option->count() > 0) flags[std::string(setting->env)] = *text;
    return app::load(flags, app::texts_from_environment(),
                     config_file_.empty() ? app::Texts{} : app::texts_from_file(config_file_));
  }

 private:
  struct Given {
    const app::Setting* setting;
    CLI::Option* option;
    std::string* text;
  };
  std::string config_file_;
  std::deque<std::string> texts_;
  std::vector<Given> options_;
};

void add_simulate_options(CLI::App& command, simulator::SimulatorOptions& options) {
  command.add_option("--port", options.port, "port to listen on [0: the system chooses]");
  command.add_option("--bind", options.ips, "addresses to listen on")->delimiter(',');
  command.add_option("--ports-file", options.ports_file,
                     "file that gets {\"simulator\": <port>} once listening");
  command.add_option("--seed", options.seed, "same seed, same calls, same order: same answers");
  command.add_option("--replay", options.replay_dir, "folder of recordings, answered by x-sim-replay");
  command.add_option("--journal", options.journal_calls_max, "calls that GET /sim/calls remembers, 0: off");
  command.add_option("--journal-file", options.journal_file,
                     "file that gets a line for each call that ended, however many there are");
  for (const simulator::Control& control : simulator::controls()) {
    if (control.name == "replay") continue;  // which recording: only a call can say
    command
        .add_option_function<std::string>(
            fmt::format("--{}", control.name),
            [&options, &control](const std::string& value) {
              if (!control.set(options.behaviour, value))
                throw CLI::ValidationError(fmt::format("--{}", control.name),
                                           fmt::format("\"{}\" is not accepted", value));
            },
            fmt::format("{}; or x-sim-{} in a request", control.help, control.name))
        ->type_name(std::string(control.value));
  }
}

int simulate(const simulator::SimulatorOptions& options) {
  app::block_signals();
  simulator::Simulator simulator(options);
  if (const auto started = simulator.start(); !started)
    throw app::ConfigError{fmt::format("simulate: {}", started.error().text())};
  fmt::print(stderr, "simulating OpenAI (/v1), Anthropic and Gemini at http://127.0.0.1:{}\n",
             simulator.port());
  std::thread serving([&simulator] { simulator.run(); });
  app::wait_for_stop([] {});
  simulator.stop();
  serving.join();
  return 0;
}

// One line. Of what nobody expected, flags are repeated without their values: what belongs to a misspelt one
// may be a credential.
std::string failure_message(const CLI::App* cli, const CLI::Error& error) {
  std::string what = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> words = cli->remaining(true);
    const bool has_flags =
        std::ranges::any_of(words, [](const std::string& word) { return word.starts_with('-'); });
    what = cli->get_subcommands().empty() ? "there is no command" : "not expected:";
    for (const std::string& word : words)
      if (!has_flags || word.starts_with('-')) what += " " + word.substr(0, word.find('='));
  }
  return fmt::format("archestra: {}; --help tells what there is\n", what);
}

int run(int argc, char** argv) {
  CLI::App cli("archestra: an LLM gateway that relays every call and accounts for every token", "archestra");
  cli.require_subcommand(0, 1);  // one is wanted, but a word that is no command has to be named first
  cli.failure_message(&failure_message);
  cli.set_version_flag("--version", "archestra " ARCHESTRA_VERSION);

  CLI::App* const serve = cli.add_subcommand("serve", "run the gateway");
  SettingFlags serve_flags(*serve);
  CLI::App* const check =
      cli.add_subcommand("check-config", "print the effective configuration, or what is wrong with it");
  SettingFlags check_flags(*check);
  CLI::App* const health =
      cli.add_subcommand("healthcheck", "exit 0 where a gateway answers on the API port");
  SettingFlags health_flags(*health);
  CLI::App* const admin_token = cli.add_subcommand("admin-token", "the token of the platform API");
  admin_token->require_subcommand(1);
  CLI::App* const reset = admin_token->add_subcommand(
      "reset", "make a new one in the data folder and print it; the old one is valid no more");
  SettingFlags reset_flags(*reset);
  CLI::App* const simulate_command =
      cli.add_subcommand("simulate", "run a provider that is not there, for demo and tests");
  simulator::SimulatorOptions simulator_options;
  add_simulate_options(*simulate_command, simulator_options);
  CLI::App* const metrics_docs =
      cli.add_subcommand("metrics-docs", "print what docs/metrics.md says of every metric");
  CLI::App* const openapi =
      cli.add_subcommand("openapi", "print the description of the platform API, OpenAPI 3.1");
  CLI::App* const version = cli.add_subcommand("version", "print the version");

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kBadUsage;
  }
  if (cli.get_subcommands().empty()) {
    fmt::print(stderr, "{}", cli.help());
    return kBadUsage;
  }
  if (*version) {
    fmt::print("archestra {}\n", ARCHESTRA_VERSION);
    return 0;
  }
  if (*metrics_docs) {
    fmt::print("{}", telemetry::metrics_doc());
    return 0;
  }
  if (*openapi) {
    fmt::print("{}", api::openapi_document());
    return 0;
  }
  if (*simulate_command) return simulate(simulator_options);
  if (*check) {
    const app::Effective effective = check_flags.load();
    for (const auto& [message, name] : app::warnings_of(effective.config))
      fmt::print(stderr, "archestra: {}: {}\n", name, message);
    fmt::print("{}", app::print(effective));
    return 0;
  }
  if (*health) return app::healthcheck(health_flags.load().config);
  if (*reset) return app::reset_admin_token(reset_flags.load().config);
  return app::serve([&serve_flags] { return serve_flags.load(); });
}

// As far as it goes: where nothing can be written, the status has to do.
void complain(const std::string& text) { std::fputs(("archestra: " + text + "\n").c_str(), stderr); }

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    return run(argc, argv);
  } catch (const archestra::app::ConfigError& error) {
    complain(error.text);
  } catch (const std::exception& error) {
    complain(error.what());
  }
  return kBadUsage;
}
