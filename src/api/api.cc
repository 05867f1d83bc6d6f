#include "api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/routes.h"
#include "http/head.h"

namespace archestra::api {
namespace {

// HEAD is answered as GET is; whoever sends the answer leaves out its body (RFC 9110 section 9.3.2).
const Method* find_method(const Route& route, std::string_view name) {
  const auto found = std::ranges::find(route.methods, name == "HEAD" ? "GET" : name, &Method::name);
  return found == route.methods.end() ? nullptr : &*found;
}

ServiceAnswer method_not_allowed(std::span<const Method> methods) {
  std::string allow;
  for (const Method& method : methods) {
    if (!allow.empty()) allow += ", ";
    allow += method.name;
    if (method.name == "GET") allow += ", HEAD";
  }
  return error_answer(405, "method_not_allowed", fmt::format("Only {} are answered here.", allow),
                      fmt::format("Allow: {}\r\n", allow));
}

}  // namespace

Api::Api(store::Store store, Snapshots snapshots, AccessOptions access, SettingsSources settings,
         telemetry::AccessLogLevel& access_log_level, telemetry::PolicySetMetrics& policy_set_metrics,
         const telemetry::History& history, Cardinality::Collect collect_metrics, LiveFeed& live)
    : store_(std::move(store)),
      access_(store_, std::move(access)),
      live_policies_(store_, std::move(snapshots.policies), std::move(snapshots.publish_policies),
                     policy_set_metrics),
      agents_(store_, std::move(snapshots.agents),
              [this, publish = std::move(snapshots.publish_agents)](const model::AgentUpdate& update) {
                publish(update);
                if (!update.after) live_policies_.forget_agent(update.before->id);
              }),
      invocation_policies_(live_policies_, agents_),
      trusted_data_policies_(live_policies_, agents_),
      tools_(store_, live_policies_, agents_),
      log_levels_(access_log_level),
      settings_(std::move(settings)),
      statistics_(history),
      cardinality_(std::move(collect_metrics)),
      recent_calls_(history),
      live_(live) {}

ServiceAnswer Api::handle(const http_io::ServiceRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const auto [route, id_text] = find_route(path);
  const Method* const method = route != nullptr ? find_method(*route, request.method) : nullptr;
  // What there is, is for those who may.
  if (method == nullptr || !method->is_public)
    if (auto refused = access_.refusal(request)) return *std::move(refused);
  if (route == nullptr) return not_found("There is nothing at this path of the platform API.");
  if (method == nullptr) return method_not_allowed(route->methods);
  const auto id = base::Uuid::parse(id_text);
  if (!id_text.empty() && !id && route->id_kind == IdKind::kUuid)
    return invalid_request("The id in the path is not a UUID.");
  if (method->has_body && !http::is_media_type(request.content_type, "application/json"))
    return error_answer(415, "unsupported_media_type",
                        "The body must be JSON, with Content-Type: application/json.");
  live_policies_.release_unused();
  const Query query(target.substr(std::min(path.size() + 1, target.size())));
  return method->handler(
      {.agents = agents_,
       .invocation_policies = invocation_policies_,
       .trusted_data_policies = trusted_data_policies_,
       .live_policies = live_policies_,
       .tools = tools_,
       .log_levels = log_levels_,
       .access = access_,
       .settings = settings_,
       .statistics = statistics_,
       .cardinality = cardinality_,
       .recent_calls = recent_calls_,
       .live = live_},
      {.request = request, .query = query, .body = request.body, .id = id, .id_text = id_text});
}

bool Api::try_learn(std::vector<DeclaredTools> declared) {
  live_policies_.release_unused();
  return tools_.try_learn(std::move(declared));
}

}  // namespace archestra::api
