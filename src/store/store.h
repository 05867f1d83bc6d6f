// What the platform remembers: agents, and the hash of the admin token. Speaks model values; SQL stays
// inside. Blocks on the disk, so it belongs to one thread that serves no traffic: the api thread, once it
// runs. A write is on the disk when it returns, and has changed nothing where it failed. Errors are those of
// sqlite/database.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/agent.h"
#include "store/sqlite/database.h"

namespace archestra::store {

class Store {
 public:
  /// Opens the database file and brings its schema up to date. kInvalid where a newer version of this program
  /// has done so before.
  static base::Result<Store> open(const std::string& path, base::Duration busy_timeout);

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
  base::Result<void> migrate();
  base::Result<void> add_labels(std::vector<model::Agent>& agents);

  sqlite::Database database_;
};

}  // namespace archestra::store
