// The policies that are in force, and how they change: the store first, then a whole new set, then every
// shard, then the answer. Where what the store has makes no set, because another program wrote it, the last
// good set stays in force and whoever asks is told so. On the api thread, which alone changes policies.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/answers.h"
#include "base/clock.h"
#include "base/ids.h"
#include "policy/policy_set.h"
#include "store/store.h"
#include "telemetry/metrics/policy_set_metrics.h"

namespace archestra::api {

/// Gives a new set to everybody who serves calls, and returns when all of them use it.
using PublishPolicies = std::function<void(const policy::PolicySetRef&)>;

/// Why the policies of the store cannot be used.
struct PolicyFault {
  std::string id;       ///< of the row at fault; "" where it is the store itself
  std::string message;  ///< a sentence that names it
};

/// What the store has, and the set it makes.
struct LoadedPolicies {
  policy::PolicyRows rows;
  policy::PolicySetRef set;
};
std::expected<LoadedPolicies, PolicyFault> compile_policies(store::PolicyRows rows);

class LivePolicies {
 public:
  /// Store and metrics outlive it. `loaded` is what the shards have.
  LivePolicies(store::Store& store, LoadedPolicies loaded, PublishPolicies publish,
               telemetry::PolicySetMetrics& metrics);

  /// Those in force.
  const policy::PolicyRows& rows() const { return loaded_.rows; }
  /// Whether the store has a row of this id that cannot be used, as far as is known.
  bool is_at_fault(const base::Uuid& id) const { return fault_ && fault_->id == id.text(); }

  /// Nothing where the change was made and everybody uses it; else what to answer, and nothing has changed.
  std::optional<ServiceAnswer> change(const store::PolicyChange& change);
  /// Reads them again, for another program may have changed them.
  void reload();
  /// After an agent was deleted, and what belongs to it in the store. Rules of nobody need no new set.
  void forget_agent(const base::Uuid& id);
  /// Gives every shard the set that it has, for what comes with one: they hand over tools that they know.
  void publish_again() { publish_(loaded_.set); }
  /// Sets that calls under way still had when they were replaced are destroyed here, not on a shard. From
  /// time to time.
  void release_unused();

  /// GET /api/policies/status.
  ServiceAnswer status() const;

 private:
  void use(LoadedPolicies loaded);
  void fail(PolicyFault fault);

  store::Store& store_;
  const PublishPolicies publish_;
  telemetry::PolicySetMetrics& metrics_;
  LoadedPolicies loaded_;
  base::WallTime loaded_at_ = base::wall_now();
  std::optional<PolicyFault> fault_;
  base::WallTime failing_since_ = {};
  std::vector<policy::PolicySetRef> replaced_;
};

}  // namespace archestra::api
