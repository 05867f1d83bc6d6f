// All that one signal has to say and has not said: what this process has added, and before it what earlier
// processes left, oldest first. Bounded in age, too. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "telemetry/spool/instance_folder.h"
#include "telemetry/spool/spool.h"

namespace archestra::telemetry::spool {

class Backlog {
 public:
  struct Options {
    Spool::Options own = {};
    std::size_t disk_bytes_max = 0;
    base::Duration age_max = std::chrono::hours(24);
  };
  explicit Backlog(Options options);

  /// From now on it is kept on disk, if it has a folder.
  void keep_on_disk() { own_.keep_on_disk(); }
  bool has_folder() const { return !options_.own.folder.empty(); }
  /// Where this process adds.
  Spool& own() { return own_; }
  /// What an earlier process left in `folder`; the result lives until it has been sent.
  Spool& adopt(std::shared_ptr<InstanceFolder> folder);

  /// As Spool has them. The items it gives are `age_max` old at most, at the time `now`.
  bool take(std::uint64_t items_max, base::WallTime now, Batch& out);
  void settle();
  /// Whether what was made at `at` is too old to be sent.
  bool is_expired(base::WallTime at, base::WallTime now) const { return at < now - options_.age_max; }

  std::uint64_t items() const;
  std::uint64_t memory_items() const;
  std::size_t disk_bytes() const { return budget_.bytes; }
  std::size_t disk_bytes_max() const { return options_.disk_bytes_max; }
  std::optional<base::WallTime> oldest_at();

 private:
  struct Adopted {
    std::shared_ptr<InstanceFolder> folder;  // goes after its spool
    std::unique_ptr<Spool> spool;
  };

  const Options options_;
  DiskBudget budget_;
  std::deque<Adopted> adopted_;  // oldest first
  Spool own_;
  Spool* taken_from_ = nullptr;
};

}  // namespace archestra::telemetry::spool
