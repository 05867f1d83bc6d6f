#include "api/log_levels.h"

#include "api/body_fields.h"
#include "base/log.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kLog = "log";
constexpr std::string_view kAccessLog = "accessLog";
constexpr std::string_view kFields[] = {kLog, kAccessLog};

struct Levels {
  base::LogLevel log;
  base::LogLevel access_log;
};

Fault read_level(std::string_view field, const dom::element& value, base::LogLevel& level) {
  std::string text;
  if (auto bad = read_string(field, value, text)) return bad;
  if (base::parse_log_level(text, level)) return std::nullopt;
  return fault("\"{}\" must be debug, info, warn, error or off.", field);
}

Fault read_levels(std::string_view body, Levels& levels) {
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, "log levels", kFields, object)) return bad;
  for (const auto& [key, value] : object)
    if (auto bad = read_level(key, value, key == kLog ? levels.log : levels.access_log)) return bad;
  return std::nullopt;
}

}  // namespace

ServiceAnswer LogLevels::get() const {
  return json_answer(200, fmt::format(R"({{"{}":"{}","{}":"{}"}})", kLog, base::name_of(base::log_level()),
                                      kAccessLog, base::name_of(access_log_.value())));
}

ServiceAnswer LogLevels::update(std::string_view body) {
  Levels levels{.log = base::log_level(), .access_log = access_log_.value()};
  if (const auto bad = read_levels(body, levels)) return invalid_request(bad->message);
  // Told at the level that was, or a change to "off" would leave no trace.
  base::log(base::LogLevel::kInfo, "log levels set",
            {{"log", base::name_of(levels.log)}, {"access_log", base::name_of(levels.access_log)}});
  base::set_log_level(levels.log);
  access_log_.set(levels.access_log);
  return get();
}

}  // namespace archestra::api
