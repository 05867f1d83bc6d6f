// archestra-traffic: calls against a gateway (with `archestra simulate` behind it), for the demo.
#include <pthread.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "traffic/traffic.h"

namespace {

using archestra::traffic::Screen;
using archestra::traffic::Traffic;
using archestra::traffic::TrafficOptions;

// A plain http URL, or a text for CLI11 that says what is wrong with it.
std::string check_url(const std::string& text) {
  const auto url = archestra::http::parse_url(text);
  if (!url) return url.error().what;
  return url->is_https ? "only http:// is spoken here" : "";
}

int run(TrafficOptions options) {
  // Signals are taken by a thread of their own, so that no handler touches the loop.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Traffic traffic(std::move(options));
  std::thread waiting([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    traffic.stop();
  });
  const auto result = traffic.run();
  // Blocked everywhere, so it ends the wait and nothing else.
  // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread)
  pthread_kill(waiting.native_handle(), SIGTERM);
  waiting.join();
  if (result) return 0;
  std::fprintf(stderr, "archestra-traffic: %s\n", result.error().text().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Makes LLM calls against a gateway and shows what comes back.", "archestra-traffic");
  std::string url;
  std::string metrics_url;
  std::vector<std::string> dialects{"openai"};
  TrafficOptions options;
  const CLI::Validator is_url(check_url, "URL");
  app.add_option("--url", url, "the gateway; without a path, /v1/<provider> is meant")
      ->required()
      ->check(is_url);
  app.add_option("--metrics-url", metrics_url, "where its metrics are, for the tokens")->check(is_url);
  app.add_option("--dialects", dialects, "of the calls: openai, anthropic, gemini")
      ->delimiter(',')
      ->check(CLI::IsMember({"openai", "anthropic", "gemini"}))
      ->capture_default_str();
  app.add_option("--admin-token", options.admin_token,
                 "of the gateway: makes labelled agents and calls for them too")
      ->envname("ARCHESTRA_ADMIN_TOKEN");
  app.add_option("--seconds", options.seconds, "how long; 0: until SIGINT or SIGTERM")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--rate", options.rate_per_second, "calls a second")
      ->check(CLI::Range(0.01, 100'000.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the mix of calls")->capture_default_str();
  app.add_option("--in-flight", options.in_flight_max, "how many calls at once, at most")
      ->check(CLI::Range(1, 50'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.url = *archestra::http::parse_url(url);
  if (!metrics_url.empty()) options.metrics_url = *archestra::http::parse_url(metrics_url);
  options.dialects.clear();
  for (const std::string& name : dialects)
    options.dialects.push_back(*archestra::traffic::dialect_named(name));
  options.screen = isatty(STDOUT_FILENO) == 1 ? Screen::Mode::kTerminal : Screen::Mode::kLines;
  return run(std::move(options));
}
