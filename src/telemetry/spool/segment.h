// One piece of a spool: encoded items, as a rule in a file that is mapped, so that they outlive the process.
// They are appended at one end and taken at the other; what was settled is not given again, to this process
// or to another one. Whatever is in the file, reading it is safe: each entry has a checksum, what stands
// before them is there twice, and behind a damaged entry the next whole one is found. One thread.
//
// Layout, in the byte order of the machine: two copies of Head, two of the Marks, the frame behind its
// checksum and size, and from Head::entries_at on the entries, aligned to 8 bytes. Later versions keep the
// places of Head and Marks: what they cannot read, they can count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/mapped_memory.h"

namespace archestra::telemetry::spool {

/// What an entry is, beside its bytes.
struct EntryInfo {
  std::uint32_t items = 1;  ///< spans or log records in it
  base::WallTime at{};      ///< when they were made
  /// The ring of the record that it was made of, and where that record ended: the record is still there where
  /// the process died in between.
  std::uint32_t ring = 0;
  std::uint64_t ring_end = 0;
};

struct Entry {
  EntryInfo info;
  std::string_view bytes;        ///< lives as long as the segment's memory
  std::uint64_t lost_items = 0;  ///< before it, that could not be read
};

class Segment {
 public:
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  /// An empty one in `memory`, of kBytesMax at most. `generation`: larger than that of all earlier uses of
  /// the same memory. `frame`: what surrounds the items when they are sent. Nothing where there is no room
  /// for that.
  static std::optional<Segment> begin(base::MappedMemory memory, std::uint64_t generation,
                                      std::string_view frame);
  /// What another process left. Nothing where nobody can say what is in it.
  static std::optional<Segment> open(base::MappedMemory memory);

  /// Makes it empty once more.
  void rewind(std::uint64_t generation);
  /// Whether there is room for an entry of so many bytes.
  bool has_room_for(std::size_t bytes) const;
  /// The largest entry that an empty segment in so much memory has room for.
  static std::size_t entry_bytes_max(std::size_t segment_bytes, std::size_t frame_bytes);
  /// Appends an entry; false where it does not fit.
  bool try_append(const EntryInfo& info, std::string_view bytes);

  /// The next entry that was not given yet. Nothing where it has more items than that; nor at the end, where
  /// all is given, but for lost_at_end().
  std::optional<Entry> next(std::uint64_t items_max = UINT64_MAX);
  /// Items behind the last entry that could be read.
  std::uint64_t lost_at_end() const { return committed_.items - cursor_.items; }
  /// All that next() has given, and what was lost before it, is done with; at the end, everything.
  void settle();
  /// Whether next() has given all.
  bool is_at_end() const { return cursor_.offset >= committed_.offset; }

  /// When the oldest entry that is not settled was made; nothing where there is none, or it cannot be read.
  std::optional<base::WallTime> oldest_at() const;
  /// Items that are not settled, readable or not.
  std::uint64_t items() const { return committed_.items - settled_.items; }
  bool is_empty() const { return settled_.offset >= committed_.offset; }
  /// False where another version wrote it: next() gives nothing then.
  bool is_readable() const { return is_readable_; }
  /// "" where it is damaged.
  const std::string& frame() const { return frame_; }
  std::uint64_t generation() const { return generation_; }

 private:
  struct Head;
  struct EntryHead;
  struct Position {
    std::size_t offset = 0;
    std::uint64_t items = 0;  // before it, since the generation began
  };
  enum class Mark : std::uint8_t { kCommitted, kSettled };
  static constexpr std::size_t kMarks = 2;

  explicit Segment(base::MappedMemory memory) : memory_(std::move(memory)) {}
  std::size_t size() const { return memory_.bytes().size(); }
  std::byte* at(std::size_t offset) const { return memory_.bytes().data() + offset; }
  void write_heads();
  bool read_heads();
  void read_frame();
  void find_positions();
  Position last_entry_end() const;
  void set_mark(Mark mark, Position position);
  std::optional<Position> read_mark(Mark mark) const;
  std::uint64_t word_of(Mark mark, Position position) const;
  /// Null where no whole entry lies there, in front of `end`.
  const EntryHead* entry_at(std::size_t offset, std::size_t end) const;
  const EntryHead* find_entry(std::size_t& offset, std::size_t end) const;

  base::MappedMemory memory_;
  std::uint64_t generation_ = 0;
  std::size_t entries_at_ = 0;
  std::string frame_;
  bool is_own_ = false;  // this process wrote it, and need not look at checksums
  bool is_readable_ = true;
  Position committed_;  // behind the last entry
  Position settled_;
  Position cursor_;  // behind the last entry that was given
};

}  // namespace archestra::telemetry::spool
