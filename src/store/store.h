// What the platform remembers: agents, and the hash of the admin token. Speaks model values; SQL stays
// inside. Blocks on the disk, so it belongs to one thread that serves no traffic: the api thread, once it
// runs. A write is on the disk when it returns, and has changed nothing where it failed. Errors are those of
// sqlite/database.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/agent.h"
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
  /// Where there is none with this id, nothing changes.
  base::Result<void> remove_agent(const base::Uuid& id);

  /// As set_admin_token_hash() left it, also from another process; "" where it never was called.
  base::Result<std::string> admin_token_hash();
  base::Result<void> set_admin_token_hash(std::string_view hash);

 private:
  explicit Store(sqlite::Database database) : database_(std::move(database)) {}
  template <class Act>
  auto watched(Operation operation, Act act);
  base::Result<void> migrate();
  base::Result<std::vector<model::AgentRef>> read_agents();
  base::Result<void> write_agent(const model::Agent& agent);
  base::Result<std::string> read_value(std::string_view name);
  base::Result<void> add_labels(std::vector<model::Agent>& agents);

  sqlite::Database database_;
  OnOperation on_operation_;
};

}  // namespace archestra::store
