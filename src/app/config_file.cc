// Reads the TOML file; toml++ stays in here.
#include <fmt/format.h>

#include <sstream>

#include "app/config.h"

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace archestra::app {
namespace {

const Setting* find_by_key(std::string_view key) {
  for (const Setting& setting : settings())
    if (setting.key() == key) return &setting;
  return nullptr;
}

std::string text_of(const toml::node& node, std::string_view key, const std::string& path) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw ConfigError{fmt::format("{}: {} is neither text, number nor boolean", path, key)};
}

}  // namespace

Texts texts_from_file(const std::string& path) {
  Texts texts;
  try {
    const toml::table table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      const Setting* const setting = find_by_key(key.str());
      if (setting == nullptr)
        throw ConfigError{
            fmt::format("{}: there is no setting \"{}\"; check-config lists them", path, key.str())};
      texts[std::string(setting->env)] = text_of(node, key.str(), path);
    }
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << error.source().begin;
    throw ConfigError{fmt::format("{}: {} ({})", path, error.description(), where.str())};
  }
  return texts;
}

}  // namespace archestra::app
