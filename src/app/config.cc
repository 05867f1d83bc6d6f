#include "app/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/json_text.h"

namespace archestra::app {

std::string_view name_of(Source source) {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kFile:
      return "file";
    case Source::kEnvironment:
      return "environment";
    case Source::kFlag:
      return "flag";
  }
  return "default";
}

std::string Setting::key() const {
  constexpr std::string_view kPrefix = "ARCHESTRA_";
  std::string out(env.starts_with(kPrefix) ? env.substr(kPrefix.size()) : env);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string Setting::flag() const {
  std::string out = "--" + key();
  std::ranges::replace(out, '_', '-');
  return out;
}

Texts texts_from_environment() {
  Texts texts;
  for (const Setting& setting : settings()) {
    const std::string name(setting.env);
    // An empty variable is as good as none (OpenTelemetry specification, environment variables).
    if (const char* text = std::getenv(name.c_str()); text != nullptr && *text != '\0') texts[name] = text;
  }
  return texts;
}

Effective load(const Texts& flags, const Texts& environment, const Texts& file) {
  Effective effective;
  for (const Setting& setting : settings()) {
    Effective::Value value{
        .setting = &setting, .text = std::string(setting.default_value), .source = Source::kDefault};
    for (const auto& [texts, source] :
         {std::pair{&flags, Source::kFlag}, std::pair{&environment, Source::kEnvironment},
          std::pair{&file, Source::kFile}}) {
      const auto found = texts->find(setting.env);
      if (found == texts->end()) continue;
      value.text = found->second;
      value.source = source;
      break;
    }
    if (!setting.set(effective.config, value.text)) {
      const std::string shown = setting.secret ? "(a secret)" : fmt::format("\"{}\"", value.text);
      throw ConfigError{fmt::format("{} ({}): {} is not accepted; it takes {}", setting.env,
                                    name_of(value.source), shown, setting.accepted)};
    }
    effective.values.push_back(std::move(value));
  }
  return effective;
}

std::string print(const Effective& effective) {
  std::string out;
  for (const auto& [setting, text, source] : effective.values) {
    out += setting->key() + " = ";
    base::append_json_string(out, setting->secret && !text.empty() ? "********" : text);
    out += fmt::format("  # {}\n", name_of(source));
  }
  return out;
}

}  // namespace archestra::app
