#include "telemetry/spool/segment.h"

#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <type_traits>

namespace archestra::telemetry::spool {

struct Segment::Head {
  static constexpr std::uint64_t kMagic = 0x4c4f4f5053484352;  // "RCHSPOOL"
  std::uint64_t magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t entries_at = 0;
  std::uint64_t generation = 0;
  std::uint64_t checksum = 0;  // of what stands before it
};

/// The entry's bytes follow.
struct Segment::EntryHead {
  static constexpr std::uint32_t kMarker = 0x59544e45;  // "ENTY"
  std::uint64_t checksum;                               // of all that follows, bytes included
  std::uint32_t marker;
  std::uint32_t bytes;
  std::int64_t at;           // Unix time in nanoseconds
  std::uint64_t first_item;  // items before it, since the generation began
  std::uint64_t ring_end;
  std::uint32_t items;
  std::uint32_t ring;
};

namespace {

// The two copies of a head or of marks lie on cache lines, and so in sectors, of their own.
constexpr std::size_t kHeadsAt = 0;
constexpr std::size_t kMarksAt = 128;
constexpr std::size_t kCopyBytes = 64;
constexpr std::size_t kCopies = 2;
constexpr std::size_t kFrameAt = 256;
constexpr std::size_t kFrameHead = 16;  // checksum and size

// A mark is one word, so that no kill finds it half written: 16 bits that tell whether it is whole, the
// items, and the offset in units of 8 bytes.
constexpr int kFieldBits = 24;
constexpr std::uint64_t kFieldMask = (std::uint64_t{1} << kFieldBits) - 1;
static_assert(Segment::kBytesMax / 8 <= kFieldMask);

constexpr std::size_t rounded(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// Where entries begin behind a frame of so many bytes.
constexpr std::size_t entries_behind(std::size_t frame_bytes) {
  return rounded(kFrameAt + kFrameHead + frame_bytes, 64);
}

std::uint64_t hash(const void* bytes, std::size_t size, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

std::uint64_t load_word(const std::byte* at) {
  return std::atomic_ref(*const_cast<std::uint64_t*>(reinterpret_cast<const std::uint64_t*>(at)))
      .load(std::memory_order_acquire);
}

void store_word(std::byte* at, std::uint64_t word) {
  std::atomic_ref(*reinterpret_cast<std::uint64_t*>(at)).store(word, std::memory_order_release);
}

}  // namespace

// ---- Head, marks and frame.

std::optional<Segment> Segment::begin(base::MappedMemory memory, std::uint64_t generation,
                                      std::string_view frame) {
  Segment segment(std::move(memory));
  const std::size_t entries_at = entries_behind(frame.size());
  if (segment.size() > kBytesMax || entries_at >= segment.size()) return std::nullopt;
  segment.is_own_ = true;
  segment.entries_at_ = entries_at;
  segment.frame_ = frame;
  const std::uint64_t checksum = hash(frame.data(), frame.size(), frame.size());
  const std::uint64_t size = frame.size();
  std::memcpy(segment.at(kFrameAt), &checksum, sizeof checksum);
  std::memcpy(segment.at(kFrameAt + 8), &size, sizeof size);
  if (!frame.empty()) std::memcpy(segment.at(kFrameAt + kFrameHead), frame.data(), frame.size());
  segment.rewind(generation);
  return segment;
}

std::optional<Segment> Segment::open(base::MappedMemory memory) {
  Segment segment(std::move(memory));
  if (segment.size() > kBytesMax || segment.size() <= kFrameAt + kFrameHead || !segment.read_heads())
    return std::nullopt;
  segment.read_frame();
  segment.find_positions();
  return segment;
}

// With the generation, all that was there before is of no meaning any more.
void Segment::rewind(std::uint64_t generation) {
  generation_ = generation;
  write_heads();
  committed_ = settled_ = cursor_ = {.offset = entries_at_, .items = 0};
  set_mark(Mark::kSettled, settled_);
  set_mark(Mark::kCommitted, committed_);
}

void Segment::write_heads() {
  Head head{.entries_at = static_cast<std::uint32_t>(entries_at_), .generation = generation_};
  head.checksum = hash(&head, offsetof(Head, checksum), 0);
  static_assert(std::has_unique_object_representations_v<Head>);
  for (std::size_t copy = 0; copy < kCopies; ++copy)
    std::memcpy(at(kHeadsAt + copy * kCopyBytes), &head, sizeof head);
}

// Where both are whole, the process died between writing the one and the other: the newer one counts.
bool Segment::read_heads() {
  bool is_found = false;
  for (std::size_t copy = 0; copy < kCopies; ++copy) {
    Head head;
    std::memcpy(&head, at(kHeadsAt + copy * kCopyBytes), sizeof head);
    const bool is_whole =
        head.magic == Head::kMagic && head.checksum == hash(&head, offsetof(Head, checksum), 0) &&
        head.entries_at <= size() && head.entries_at % 8 == 0 && head.entries_at >= kFrameAt + kFrameHead;
    if (!is_whole || (is_found && head.generation < generation_)) continue;
    is_found = true;
    generation_ = head.generation;
    entries_at_ = head.entries_at;
    is_readable_ = head.version == kVersion;
  }
  return is_found;
}

void Segment::read_frame() {
  std::uint64_t checksum = 0;
  std::uint64_t size = 0;
  std::memcpy(&checksum, at(kFrameAt), sizeof checksum);
  std::memcpy(&size, at(kFrameAt + 8), sizeof size);
  if (size > entries_at_ - kFrameAt - kFrameHead) return;
  const auto* const frame = reinterpret_cast<const char*>(at(kFrameAt + kFrameHead));
  if (checksum == hash(frame, size, size)) frame_.assign(frame, size);
}

std::uint64_t Segment::word_of(Mark mark, Position position) const {
  const std::uint64_t value = (position.items & kFieldMask) << kFieldBits | position.offset / 8;
  const std::uint64_t check =
      hash(&value, sizeof value, generation_ * kMarks + static_cast<std::uint64_t>(mark));
  return check << (2 * kFieldBits) | value;
}

void Segment::set_mark(Mark mark, Position position) {
  const std::uint64_t word = word_of(mark, position);
  for (std::size_t copy = 0; copy < kCopies; ++copy)
    store_word(at(kMarksAt + copy * kCopyBytes + static_cast<std::size_t>(mark) * sizeof word), word);
}

std::optional<Segment::Position> Segment::read_mark(Mark mark) const {
  std::optional<Position> found;
  for (std::size_t copy = 0; copy < kCopies; ++copy) {
    const std::uint64_t word =
        load_word(at(kMarksAt + copy * kCopyBytes + static_cast<std::size_t>(mark) * sizeof(std::uint64_t)));
    const Position position{.offset = (word & kFieldMask) * 8, .items = word >> kFieldBits & kFieldMask};
    const bool makes_sense =
        word == word_of(mark, position) && position.offset >= entries_at_ && position.offset <= size();
    // They only grow: of two the larger one was written last.
    if (makes_sense && (!found || position.offset > found->offset)) found = position;
  }
  return found;
}

void Segment::find_positions() {
  if (const auto committed = read_mark(Mark::kCommitted))
    committed_ = *committed;
  else
    committed_ = is_readable_ ? last_entry_end() : Position{.offset = entries_at_};
  settled_ = read_mark(Mark::kSettled).value_or(Position{.offset = entries_at_});
  if (settled_.offset > committed_.offset || settled_.items > committed_.items) settled_ = committed_;
  cursor_ = settled_;
}

Segment::Position Segment::last_entry_end() const {
  Position end{.offset = entries_at_};
  std::size_t offset = entries_at_;
  while (const EntryHead* const entry = find_entry(offset, size())) {
    offset += rounded(sizeof(EntryHead) + entry->bytes, 8);
    end = {.offset = offset, .items = entry->first_item + entry->items};
  }
  return end;
}

// ---- Entries.

bool Segment::has_room_for(std::size_t bytes) const {
  return rounded(sizeof(EntryHead) + bytes, 8) <= size() - committed_.offset;
}

std::size_t Segment::entry_bytes_max(std::size_t segment_bytes, std::size_t frame_bytes) {
  const std::size_t around = entries_behind(frame_bytes) + sizeof(EntryHead) + 8;
  return segment_bytes > around ? segment_bytes - around : 0;
}

bool Segment::try_append(const EntryInfo& info, std::string_view bytes) {
  const std::size_t whole = rounded(sizeof(EntryHead) + bytes.size(), 8);
  if (!has_room_for(bytes.size()) || committed_.items + info.items > kFieldMask) return false;
  static_assert(std::has_unique_object_representations_v<EntryHead>);
  EntryHead head{.checksum = 0,
                 .marker = EntryHead::kMarker,
                 .bytes = static_cast<std::uint32_t>(bytes.size()),
                 .at = info.at.time_since_epoch().count(),
                 .first_item = committed_.items,
                 .ring_end = info.ring_end,
                 .items = info.items,
                 .ring = info.ring};
  std::byte* const to = at(committed_.offset);
  std::memcpy(to, &head, sizeof head);
  if (!bytes.empty()) std::memcpy(to + sizeof head, bytes.data(), bytes.size());
  constexpr std::size_t kChecked = sizeof head.checksum;
  head.checksum = hash(to + kChecked, sizeof head - kChecked + bytes.size(), generation_);
  std::memcpy(to, &head.checksum, sizeof head.checksum);
  committed_ = {.offset = committed_.offset + whole, .items = committed_.items + info.items};
  set_mark(Mark::kCommitted, committed_);
  return true;
}

const Segment::EntryHead* Segment::entry_at(std::size_t offset, std::size_t end) const {
  if (end - offset < sizeof(EntryHead)) return nullptr;
  const auto* const head = reinterpret_cast<const EntryHead*>(at(offset));
  if (head->marker != EntryHead::kMarker || head->bytes > end - offset - sizeof(EntryHead)) return nullptr;
  constexpr std::size_t kChecked = sizeof head->checksum;
  if (!is_own_ &&
      head->checksum != hash(at(offset) + kChecked, sizeof *head - kChecked + head->bytes, generation_))
    return nullptr;
  return head;
}

const Segment::EntryHead* Segment::find_entry(std::size_t& offset, std::size_t end) const {
  for (; offset < end; offset += 8)
    if (const EntryHead* const head = entry_at(offset, end)) return head;
  return nullptr;
}

std::optional<Entry> Segment::next(std::uint64_t items_max) {
  std::size_t offset = cursor_.offset;
  const EntryHead* const head = is_readable_ ? find_entry(offset, committed_.offset) : nullptr;
  // An entry that counts others than those before it was not written by us, whatever its checksum.
  if (head == nullptr || head->first_item < cursor_.items ||
      head->first_item + head->items > committed_.items) {
    cursor_.offset = committed_.offset;
    return std::nullopt;
  }
  if (head->items > items_max) return std::nullopt;
  const Entry entry{.info = {.items = head->items,
                             .at = base::WallTime(base::Duration(head->at)),
                             .ring = head->ring,
                             .ring_end = head->ring_end},
                    .bytes = {reinterpret_cast<const char*>(head + 1), head->bytes},
                    .lost_items = head->first_item - cursor_.items};
  cursor_ = {.offset = offset + rounded(sizeof *head + head->bytes, 8),
             .items = head->first_item + head->items};
  return entry;
}

std::optional<base::WallTime> Segment::oldest_at() const {
  std::size_t offset = settled_.offset;
  const EntryHead* const head = is_readable_ ? find_entry(offset, committed_.offset) : nullptr;
  if (head == nullptr) return std::nullopt;
  return base::WallTime(base::Duration(head->at));
}

void Segment::settle() {
  if (cursor_.offset >= committed_.offset) cursor_ = committed_;
  settled_ = cursor_;
  set_mark(Mark::kSettled, settled_);
}

}  // namespace archestra::telemetry::spool
