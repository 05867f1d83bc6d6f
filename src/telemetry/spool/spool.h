// What one signal has to say and the collector has not taken yet, oldest first: segments one behind the
// other, in files where there is a folder for them and room on the disk, else in memory. What is in files
// outlives the process. Bounded by bytes on the disk, and by items and bytes in memory; what has no room is
// refused, and whoever adds counts it. One thread.
//
// Only the segments at both ends are mapped. As long as the collector keeps up there is one, used again and
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "telemetry/spool/segment.h"

namespace archestra::telemetry::spool {

/// The disk that several spools share.
struct DiskBudget {
  std::size_t bytes_max = 0;
  std::size_t bytes = 0;  ///< of their files
};

/// Why something was not added.
enum class Refusal : std::uint8_t {
  kTooLarge,    ///< for any segment
  kMemoryFull,  ///< it would wait in memory, where as much does as may
  kDiskLimit,   ///< the budget is used up
  kDiskFull,    ///< the disk takes no more, and memory neither
};

/// What is sent together; all of one segment, so that no batch is larger than that.
struct Batch {
  std::string_view frame;      ///< what surrounds it; "" where that is not known any more
  std::vector<Entry> entries;  ///< their bytes are there until the spool's settle()
  std::uint64_t items = 0;
  std::size_t bytes = 0;
  std::uint64_t lost_items = 0;     ///< before, between and behind them, that could not be read
  std::uint64_t expired_items = 0;  ///< left out, because they are too old
  base::WallTime newest_at{};

  void clear();
  bool has_any() const { return items > 0 || lost_items > 0 || expired_items > 0; }
};

class Spool {
 public:
  struct Options {
    std::string folder = {};         ///< of its files; it exists. "" for memory alone
    std::string name = {};           ///< what its files' names begin with
    std::string frame = {};          ///< what surrounds items that are added: see otlp::RequestFrame
    bool keeps_found_frame = false;  ///< add with the frame that is found in the folder, if one is
    std::size_t segment_bytes = std::size_t{4} << 20;
    std::uint64_t memory_items_max = 2048;
    /// Of whole segments: items may be large, where they have captured content.
    std::size_t memory_bytes_max = std::size_t{64} << 20;
  };
  /// `budget` outlives it. What is in the folder already is taken on.
  Spool(Options options, DiskBudget& budget);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  /// Files that hold nothing any more go.
  ~Spool();

  /// From now on new segments are files, as far as there is room. Without a folder nothing changes.
  void keep_on_disk();

  /// Nothing where it was added.
  std::optional<Refusal> add(const EntryInfo& info, std::string_view bytes);

  /// Gives the oldest entries, as long as they have `items_max` items together (one alone may have more),
  /// leaving out those made before `expired_before`. False where there is nothing. Not again before settle().
  bool take(std::uint64_t items_max, base::WallTime expired_before, Batch& out);
  /// What was given is done with, for ever.
  void settle();

  /// All that is not settled.
  std::uint64_t items() const { return items_; }
  /// Of those, the ones that do not outlive the process.
  std::uint64_t memory_items() const { return memory_items_; }
  /// When the oldest of them was made; nothing where there is none.
  std::optional<base::WallTime> oldest_at();
  /// The record that was added last: of which ring, and where it ended there. Of what another process left,
  /// too.
  struct Source {
    std::uint32_t ring = 0;
    std::uint64_t ring_end = 0;
  };
  const std::optional<Source>& last_source() const { return last_source_; }
  const std::string& frame() const { return options_.frame; }
  /// Files in the folder that made no sense, and were taken away.
  std::size_t unreadable_files() const { return unreadable_files_; }

 private:
  /// In memory while it is at one of both ends.
  struct Part {
    std::optional<Segment> segment;
    std::string path = {};    // "" for memory alone
    std::size_t bytes = 0;    // of its file
    std::uint64_t items = 0;  // that are not settled; while it is not mapped nobody changes them
    bool is_open = false;     // entries may be appended
  };

  void take_on_files();
  void take_on_file(const std::string& path);
  std::optional<Refusal> make_room(std::size_t bytes, std::uint64_t items);
  bool try_file_part();
  bool try_memory_part();
  void push(Part part);
  void note_source(const EntryInfo& info);
  std::optional<Part> use_spare(const std::string& path);
  void map_front();
  void drop_front();
  void discard(Part& part);
  void count(Part& part);

  Options options_;  // changed by the constructor alone
  DiskBudget& budget_;
  bool wants_disk_ = false;
  bool is_disk_full_ = false;
  base::MonotonicTime try_disk_at_{};
  std::uint64_t next_number_ = 1;
  std::deque<Part> parts_;     // oldest first; the last one is appended to
  std::optional<Part> spare_;  // a file to be used again
  std::uint64_t items_ = 0;
  std::uint64_t memory_items_ = 0;
  std::size_t memory_bytes_ = 0;     // of segments in memory alone
  std::uint64_t unmapped_lost_ = 0;  // items of files that could not be mapped again
  std::optional<Source> last_source_;
  std::size_t unreadable_files_ = 0;
};

}  // namespace archestra::telemetry::spool
