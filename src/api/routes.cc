#include "api/routes.h"

#include <array>

#include "api/label_json.h"
#include "api/openapi.h"

namespace archestra::api {
namespace {

// Of a resource that can be listed and made, and of one of its items. `Of` finds it among all.
template <auto Of>
constexpr std::array<Method, 2> kCollection{
    {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return Of(r).list(a.query); }},
     {.name = "POST",
      .handler = [](const Resources& r, const Arguments& a) { return Of(r).create(a.body); },
      .has_body = true}}};

template <auto Of>
constexpr std::array<Method, 3> kItem{
    {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return Of(r).get(*a.id); }},
     {.name = "PUT",
      .handler = [](const Resources& r, const Arguments& a) { return Of(r).update(*a.id, a.body); },
      .has_body = true},
     {.name = "DELETE",
      .handler = [](const Resources& r, const Arguments& a) { return Of(r).remove(*a.id); }}}};

constexpr auto kAgents = [](const Resources& r) -> Agents& { return r.agents; };
constexpr auto kTools = [](const Resources& r) -> Tools& { return r.tools; };
constexpr auto kInvocation = [](const Resources& r) -> InvocationPolicies& { return r.invocation_policies; };
constexpr auto kTrustedData = [](const Resources& r) -> TrustedDataPolicies& {
  return r.trusted_data_policies;
};

constexpr Method kLabelKeys[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                    return r.agents.label_keys(a.query);
                                  }}};

constexpr Method kLabelValues[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                      return r.agents.label_values(a.query);
                                    }}};

constexpr Method kLogLevels[] = {
    {.name = "GET", .handler = [](const Resources& r, const Arguments&) { return r.log_levels.get(); }},
    {.name = "PUT",
     .handler = [](const Resources& r, const Arguments& a) { return r.log_levels.update(a.body); },
     .has_body = true}};

// They come to be as requests declare them.
constexpr Method kToolList[] = {
    {.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return r.tools.list(a.query); }}};

constexpr Method kOperators[] = {
    {.name = "GET", .handler = [](const Resources&, const Arguments&) { return list_operators(); }}};

constexpr Method kPolicyStatus[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments&) {
                                       return r.live_policies.status();
                                     }}};

constexpr Method kLabelsCheck[] = {
    {.name = "POST",
     .handler = [](const Resources&, const Arguments& a) { return check_labels(a.body); },
     .has_body = true}};

template <auto Of>
constexpr std::array<Method, 1> kCheck{
    {{.name = "POST",
      .handler = [](const Resources& r, const Arguments& a) { return Of(r).check(a.body); },
      .has_body = true}}};

constexpr Method kSession[] = {
    {.name = "GET",
     .handler = [](const Resources& r, const Arguments& a) { return r.access.show_session(a.request); },
     .is_public = true},
    {.name = "POST",
     .handler = [](const Resources& r, const Arguments& a) { return r.access.sign_in(a.request); },
     .has_body = true,
     .is_public = true},
    {.name = "DELETE",
     .handler = [](const Resources& r, const Arguments& a) { return r.access.sign_out(a.request); },
     .is_public = true}};

constexpr Method kSettings[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                   return r.settings.get(a.request.host);
                                 }}};

// The same in every installation.
constexpr Method kOpenApi[] = {
    {.name = "GET",
     .handler = [](const Resources&,
                   const Arguments&) { return json_answer(200, std::string(openapi_document())); },
     .is_public = true}};

constexpr Method kOverview[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                   return r.statistics.overview(a.query);
                                 }}};

constexpr Method kAgentStatistics[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                          return r.statistics.agents(a.query);
                                        }}};

constexpr Method kDimensions[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                     return r.statistics.dimensions(a.query);
                                   }}};

constexpr Method kCardinality[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                      return r.cardinality.get(a.query);
                                    }}};

constexpr Method kRecentCalls[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                      return r.recent_calls.list(a.query);
                                    }}};

constexpr Method kRecentCall[] = {{.name = "GET", .handler = [](const Resources& r, const Arguments& a) {
                                     return r.recent_calls.get(a.id_text);
                                   }}};

constexpr Method kLive[] = {
    {.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return r.live.watch(a.query); }}};

constexpr Route kRoutes[] = {
    {.path_template = "/api/session", .methods = kSession},
    {.path_template = "/api/agents", .methods = kCollection<kAgents>},
    {.path_template = "/api/agents/labels/keys", .methods = kLabelKeys},
    {.path_template = "/api/agents/labels/values", .methods = kLabelValues},
    {.path_template = "/api/agents/labels/check", .methods = kLabelsCheck},
    {.path_template = "/api/agents/:id", .methods = kItem<kAgents>},
    {.path_template = "/api/tools", .methods = kToolList},
    {.path_template = "/api/tools/:id", .methods = kItem<kTools>},
    {.path_template = "/api/tool-invocation-policies", .methods = kCollection<kInvocation>},
    {.path_template = "/api/tool-invocation-policies/check", .methods = kCheck<kInvocation>},
    {.path_template = "/api/tool-invocation-policies/:id", .methods = kItem<kInvocation>},
    {.path_template = "/api/trusted-data-policies", .methods = kCollection<kTrustedData>},
    {.path_template = "/api/trusted-data-policies/check", .methods = kCheck<kTrustedData>},
    {.path_template = "/api/trusted-data-policies/:id", .methods = kItem<kTrustedData>},
    {.path_template = "/api/policy-operators", .methods = kOperators},
    {.path_template = "/api/policies/status", .methods = kPolicyStatus},
    {.path_template = "/api/log-levels", .methods = kLogLevels},
    {.path_template = "/api/settings", .methods = kSettings},
    {.path_template = "/api/statistics/overview", .methods = kOverview},
    {.path_template = "/api/statistics/agents", .methods = kAgentStatistics},
    {.path_template = "/api/statistics/dimensions", .methods = kDimensions},
    {.path_template = "/api/metrics/cardinality", .methods = kCardinality},
    {.path_template = "/api/recent-calls", .methods = kRecentCalls},
    {.path_template = "/api/recent-calls/:id", .methods = kRecentCall, .id_kind = IdKind::kOther},
    {.path_template = "/api/live", .methods = kLive},
    {.path_template = "/api/openapi.json", .methods = kOpenApi}};

constexpr std::string_view kIdSegment = ":id";

// Whether a path is of a template; what stands for its last segment ":id", or "".
bool matches(std::string_view path, std::string_view path_template, std::string_view& id) {
  id = {};
  if (!path_template.ends_with(kIdSegment)) return path == path_template;
  path_template.remove_suffix(kIdSegment.size());
  if (!path.starts_with(path_template)) return false;
  id = path.substr(path_template.size());
  return !id.empty() && !id.contains('/');
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

RouteMatch find_route(std::string_view path) {
  for (const Route& route : kRoutes)
    if (std::string_view id; matches(path, route.path_template, id)) return {.route = &route, .id = id};
  return {};
}

std::string_view template_of(std::string_view path) {
  const Route* const route = find_route(path).route;
  return route != nullptr ? route->path_template : "/api/*";
}

}  // namespace archestra::api
