// The one table of what is served below /api. Constant data and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "api/access.h"
#include "api/agents.h"
#include "api/answers.h"
#include "api/cardinality.h"
#include "api/live_feed.h"
#include "api/live_policies.h"
#include "api/log_levels.h"
#include "api/policies.h"
#include "api/query.h"
#include "api/recent_call_list.h"
#include "api/settings.h"
#include "api/statistics.h"
#include "api/tools.h"

namespace archestra::api {

/// A request, taken apart by its route.
struct Arguments {
  const http_io::ServiceRequest& request;
  const Query& query;
  std::string_view body;
  std::optional<base::Uuid> id;  ///< where the route has `:id`
  std::string_view id_text;      ///< as it stands in the path
};

/// What handlers work on.
struct Resources {
  Agents& agents;
  InvocationPolicies& invocation_policies;
  TrustedDataPolicies& trusted_data_policies;
  LivePolicies& live_policies;
  Tools& tools;
  LogLevels& log_levels;
  Access& access;
  const Settings& settings;
  const Statistics& statistics;
  const Cardinality& cardinality;
  RecentCallList& recent_calls;
  LiveFeed& live;
};

using Handler = ServiceAnswer (*)(const Resources& resources, const Arguments& arguments);

struct Method {
  std::string_view name;
  Handler handler = nullptr;
  bool has_body = false;   ///< of JSON
  bool is_public = false;  ///< its handler itself says who may
};

/// What stands for `:id` in a path.
enum class IdKind : std::uint8_t {
  kUuid,
  kOther,  ///< its handler knows
};

struct Route {
  std::string_view path_template;  ///< "/api/agents/:id"
  std::span<const Method> methods;
  IdKind id_kind = IdKind::kUuid;
};

std::span<const Route> routes();

/// The route of a path, and what stands in the place of `:id`; null where there is none.
struct RouteMatch {
  const Route* route = nullptr;
  std::string_view id;
};
RouteMatch find_route(std::string_view path);

/// How a path below /api appears in records: its route's template, or "/api/*".
std::string_view template_of(std::string_view path);

}  // namespace archestra::api
