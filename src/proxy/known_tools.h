// Which declarations of tools a shard has handed over, so that a request that declares what the last one did
// costs a look-up. What is forgotten is handed over once more, which does no harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unordered_set>

#include "base/ids.h"

namespace archestra::proxy {

class KnownTools {
 public:
  /// Where there are as many, all are forgotten.
  static constexpr std::size_t kEntriesMax = 4096;

  /// `tools_hash` is of all that a request declares.
  bool contains(const base::Uuid& agent, std::uint64_t tools_hash) const {
    return entries_.contains({agent, tools_hash});
  }
  void add(const base::Uuid& agent, std::uint64_t tools_hash) {
    if (entries_.size() >= kEntriesMax) entries_.clear();
    entries_.insert({agent, tools_hash});
  }
  void clear() { entries_.clear(); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    base::Uuid agent;
    std::uint64_t tools_hash;
    bool operator==(const Entry&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Entry& entry) const {
      std::uint64_t id = 0;
      std::memcpy(&id, entry.agent.bytes.data() + 8, 8);
      return id ^ (entry.tools_hash * 0x9e3779b97f4a7c15ULL);
    }
  };
  std::unordered_set<Entry, Hash> entries_;
};

}  // namespace archestra::proxy
