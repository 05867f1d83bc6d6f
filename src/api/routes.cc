#include "api/routes.h"

namespace archestra::api {
namespace {

constexpr Method kAgents[] = {
    {.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return r.agents.list(a.query); }},
    {.name = "POST",
     .handler = [](const Resources& r, const Arguments& a) { return r.agents.create(a.body); },
     .has_body = true}};

constexpr Method kAgent[] = {
    {.name = "GET", .handler = [](const Resources& r, const Arguments& a) { return r.agents.get(*a.id); }},
    {.name = "PUT",
     .handler = [](const Resources& r, const Arguments& a) { return r.agents.update(*a.id, a.body); },
     .has_body = true},
    {.name = "DELETE",
     .handler = [](const Resources& r, const Arguments& a) { return r.agents.remove(*a.id); }}};

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

constexpr Route kRoutes[] = {{.path_template = "/api/agents", .methods = kAgents},
                             {.path_template = "/api/agents/labels/keys", .methods = kLabelKeys},
                             {.path_template = "/api/agents/labels/values", .methods = kLabelValues},
                             {.path_template = "/api/agents/:id", .methods = kAgent},
                             {.path_template = "/api/log-levels", .methods = kLogLevels}};

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
  if (path == kOpenApiPath) return kOpenApiPath;
  const Route* const route = find_route(path).route;
  return route != nullptr ? route->path_template : "/api/*";
}

}  // namespace archestra::api
