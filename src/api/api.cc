#include "api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/admin_token.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "http/head.h"

namespace archestra::api {
namespace {

// HEAD is answered as GET is; whoever sends the answer leaves out its body (RFC 9110 section 9.3.2).
std::string_view effective(std::string_view method) { return method == "HEAD" ? "GET" : method; }

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

ServiceAnswer answer_openapi(std::string_view method) {
  static constexpr Method kMethods[] = {{.name = "GET"}};
  return effective(method) == "GET" ? json_answer(200, std::string(openapi_document()))
                                    : method_not_allowed(kMethods);
}

ServiceAnswer dispatch(const Resources& resources, const http_io::ServiceRequest& request,
                       std::string_view path, std::string_view query_text) {
  const auto [route, id_text] = find_route(path);
  if (route == nullptr) return not_found("There is nothing at this path of the platform API.");
  const auto method = std::ranges::find(route->methods, effective(request.method), &Method::name);
  if (method == route->methods.end()) return method_not_allowed(route->methods);
  const auto id = base::Uuid::parse(id_text);
  if (!id_text.empty() && !id) return invalid_request("The id in the path is not a UUID.");
  if (method->has_body && !http::is_media_type(request.content_type, "application/json"))
    return error_answer(415, "unsupported_media_type",
                        "The body must be JSON, with Content-Type: application/json.");
  const Query query(query_text);
  return method->handler(resources, {.query = query, .body = request.body, .id = id});
}

}  // namespace

Api::Api(store::Store store, Snapshots snapshots, base::Secret configured_token,
         telemetry::AccessLogLevel& access_log_level, telemetry::PolicySetMetrics& policy_set_metrics)
    : store_(std::move(store)),
      configured_token_(std::move(configured_token)),
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
      log_levels_(access_log_level) {}

ServiceAnswer Api::handle(const http_io::ServiceRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(std::min(path.size() + 1, target.size()));
  if (path == kOpenApiPath) return answer_openapi(request.method);
  const auto admitted = is_admin(request.authorization, configured_token_, store_);
  if (!admitted) return store_failed(admitted.error());
  if (!*admitted) {
    return error_answer(
        401, "unauthorized",
        "The platform API wants the admin token as a bearer token: Authorization: Bearer <token>.",
        "WWW-Authenticate: Bearer\r\n");
  }
  live_policies_.release_unused();
  return dispatch({.agents = agents_,
                   .invocation_policies = invocation_policies_,
                   .trusted_data_policies = trusted_data_policies_,
                   .live_policies = live_policies_,
                   .tools = tools_,
                   .log_levels = log_levels_},
                  request, path, query);
}

bool Api::try_learn(std::vector<DeclaredTools> declared) {
  live_policies_.release_unused();
  return tools_.try_learn(std::move(declared));
}

}  // namespace archestra::api
