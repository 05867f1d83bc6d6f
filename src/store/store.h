// What the platform remembers: agents, tools, policies, sessions, and the hash of the admin token. Speaks
// model values; SQL stays inside. Blocks on the disk, so it belongs to one thread that serves no traffic: the
// api thread, once it runs. A write is on the disk when it returns, and has changed nothing where it failed.
// Errors are those of sqlite/database.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/agent.h"
#include "store/policy_rows.h"
#include "store/session.h"
#include "store/sqlite/database.h"

namespace archestra::store {

enum class Operation : std::uint8_t { kRead, kWrite };
enum class Success : bool { kNo, kYes };

/// Told of each operation when it is over, on the store's thread.
using OnOperation = std::function<void(Operation operation, base::Duration took, Success success)>;

class Store {
 public:
  /// Opens the database file and brings its schema up to date. kInvalid where a newer version of this program
  /// has done so before.
  static base::Result<Store> open(const std::string& path, base::Duration busy_timeout);

  /// From now on; opening is over by then.
  void watch(OnOperation on_operation) { on_operation_ = std::move(on_operation); }

  /// All of them, in no particular order.
  base::Result<std::vector<model::AgentRef>> agents();
  /// Adds it, or puts it in the place of the one with its id.
  base::Result<void> put_agent(const model::Agent& agent);
  /// With its tools and its policies. Where there is none with this id, nothing changes.
  base::Result<void> remove_agent(const base::Uuid& id);

  /// All that decides about tools, in no particular order.
  base::Result<PolicyRows> policies();
  /// Makes the change if `accept` takes what then is all that decides, whoever wrote it; else nothing has
  /// changed. Whether it did. Where there is nothing with the change's id to remove or set, it does nothing.
  base::Result<bool> change_policies(const PolicyChange& change,
                                     const std::function<bool(PolicyRows)>& accept);

  base::Result<ToolPage> tools(const ToolQuery& query);
  base::Result<std::optional<model::Tool>> tool(const base::Uuid& id);
  /// Adds those whose agent has none of that name; of the others description and parameters become those
  /// given, with `updated`, if they are not.
  base::Result<LearnedTools> learn_tools(std::span<const model::Tool> tools, const ToolLimits& limits);

  /// As set_admin_token_hash() left it, also from another process; "" where it never was called.
  base::Result<std::string> admin_token_hash();
  /// No session outlives the token that it began with.
  base::Result<void> set_admin_token_hash(std::string_view hash);

  /// Adds it. Expired ones go, and beyond kSessionsMax the oldest.
  base::Result<void> add_session(const Session& session);
  /// When the session of this hash expires, which may have passed; nothing where there is none.
  base::Result<std::optional<base::WallTime>> session_expiry(std::string_view hash);
  /// Where there is none of this hash, nothing changes.
  base::Result<void> remove_session(std::string_view hash);
  /// Removes those that have another mark, or have expired.
  base::Result<void> remove_other_sessions(std::string_view admin_token_mark, base::WallTime now);

 private:
  explicit Store(sqlite::Database database) : database_(std::move(database)) {}
  template <class Act>
  auto watched(Operation operation, Act act);
  base::Result<void> migrate();
  base::Result<std::string> read_value(std::string_view name);

  sqlite::Database database_;
  OnOperation on_operation_;
};

}  // namespace archestra::store
