#include "telemetry/spool/spool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace archestra::telemetry::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".spool";
// A disk that was full is not asked again for each entry.
constexpr base::Duration kTryDiskAgainAfter = std::chrono::seconds(1);

/// The number in a name like "traces-000000000012.spool"; nothing where it is another file.
std::optional<std::uint64_t> number_of(std::string_view file, std::string_view name) {
  if (!file.starts_with(name) || !file.ends_with(kSuffix)) return std::nullopt;
  file.remove_prefix(name.size());
  file.remove_suffix(kSuffix.size());
  if (file.size() < 2 || file.front() != '-') return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : file.substr(1)) {
    if (digit < '0' || digit > '9' || number > UINT64_MAX / 20) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

}  // namespace

void Batch::clear() {
  entries.clear();
  frame = {};
  items = lost_items = expired_items = 0;
  bytes = 0;
  newest_at = {};
}

Spool::Spool(Options options, DiskBudget& budget) : options_(std::move(options)), budget_(budget) {
  if (!options_.folder.empty()) take_on_files();
}

Spool::~Spool() {
  if (spare_) discard(*spare_);
  for (Part& part : parts_)
    if (!part.path.empty() && part.items == 0) discard(part);
}

// ---- What another process left.

void Spool::take_on_files() {
  std::vector<std::pair<std::uint64_t, std::string>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error))
    if (const auto number = number_of(entry.path().filename().string(), options_.name))
      files.emplace_back(*number, entry.path().string());
  std::ranges::sort(files);
  for (const auto& [number, path] : files) {
    next_number_ = number + 1;
    take_on_file(path);
  }
}

void Spool::take_on_file(const std::string& path) {
  auto memory = base::MappedMemory::open(path);
  const std::size_t bytes = memory ? memory->bytes().size() : 0;
  std::optional<Segment> segment;
  if (memory) segment = Segment::open(std::move(*memory));
  if (!segment) {
    ++unreadable_files_;
    ::unlink(path.c_str());
    return;
  }
  if (options_.keeps_found_frame && !segment->frame().empty()) options_.frame = segment->frame();
  Part part{.segment = std::nullopt, .path = path, .bytes = bytes, .items = segment->items()};
  budget_.bytes += bytes;
  if (part.items == 0) return discard(part);
  // Where its last entry came from. The cursor is of no use any more: it is opened again when it is its turn.
  while (const auto entry = segment->next()) note_source(entry->info);
  items_ += part.items;
  parts_.push_back(std::move(part));
}

// ---- Adding.

void Spool::keep_on_disk() {
  if (options_.folder.empty() || wants_disk_) return;
  wants_disk_ = true;
  // At once, so that whoever finds this process's rings after its death finds its frame, too.
  try_file_part();
}

std::optional<Refusal> Spool::add(const EntryInfo& info, std::string_view bytes) {
  if (const auto refusal = make_room(bytes.size(), info.items)) return refusal;
  Part& part = parts_.back();
  if (!part.segment->try_append(info, bytes)) return Refusal::kTooLarge;
  part.items += info.items;
  items_ += info.items;
  if (part.path.empty()) memory_items_ += info.items;
  note_source(info);
  return std::nullopt;
}

void Spool::note_source(const EntryInfo& info) {
  if (info.ring_end != 0) last_source_ = {.ring = info.ring, .ring_end = info.ring_end};
}

/// Makes the last part one that has room.
std::optional<Refusal> Spool::make_room(std::size_t bytes, std::uint64_t items) {
  if (bytes > Segment::entry_bytes_max(options_.segment_bytes, options_.frame.size()))
    return Refusal::kTooLarge;
  const bool has_room =
      !parts_.empty() && parts_.back().is_open && parts_.back().segment->has_room_for(bytes);
  if (has_room && !parts_.back().path.empty()) return std::nullopt;
  if (wants_disk_ && base::coarse_monotonic_now() >= try_disk_at_) {
    if (!spare_ && budget_.bytes + options_.segment_bytes > budget_.bytes_max) return Refusal::kDiskLimit;
    if (try_file_part()) return std::nullopt;
  }
  if (memory_items_ + items > options_.memory_items_max || (!has_room && !try_memory_part()))
    return wants_disk_ ? Refusal::kDiskFull : Refusal::kMemoryFull;
  return std::nullopt;
}

bool Spool::try_file_part() {
  const std::string path =
      fmt::format("{}/{}-{:012}{}", options_.folder, options_.name, next_number_++, kSuffix);
  if (auto part = use_spare(path)) {
    push(std::move(*part));
    return true;
  }
  auto memory = base::MappedMemory::create(path, options_.segment_bytes);
  const std::string why = memory ? std::string() : memory.error().text();
  std::optional<Segment> segment;
  if (memory) segment = Segment::begin(std::move(*memory), 1, options_.frame);
  if (std::exchange(is_disk_full_, !segment) != is_disk_full_)
    base::log(
        segment ? base::LogLevel::kInfo : base::LogLevel::kWarn,
        segment ? "telemetry is kept on disk again" : "telemetry cannot be kept on disk; it waits in memory",
        {{"file", std::string_view(path)}, {"why", std::string_view(why)}});
  if (!segment) {
    try_disk_at_ = base::coarse_monotonic_now() + kTryDiskAgainAfter;
    return false;
  }
  budget_.bytes += options_.segment_bytes;
  push({.segment = std::move(segment), .path = path, .bytes = options_.segment_bytes});
  return true;
}

std::optional<Spool::Part> Spool::use_spare(const std::string& path) {
  if (!spare_ || std::rename(spare_->path.c_str(), path.c_str()) != 0) return std::nullopt;
  Part part = std::move(*std::exchange(spare_, std::nullopt));
  part.path = path;
  part.segment->rewind(part.segment->generation() + 1);
  return part;
}

bool Spool::try_memory_part() {
  if (memory_bytes_ + options_.segment_bytes > options_.memory_bytes_max) return false;
  auto memory = base::MappedMemory::anonymous(options_.segment_bytes);
  if (!memory) return false;
  auto segment = Segment::begin(std::move(*memory), 1, options_.frame);
  if (!segment) return false;
  memory_bytes_ += options_.segment_bytes;
  push({.segment = std::move(segment)});
  return true;
}

void Spool::push(Part part) {
  if (!parts_.empty()) {
    Part& before = parts_.back();
    before.is_open = false;
    if (parts_.size() > 1 && !before.path.empty()) before.segment.reset();
  }
  part.is_open = true;
  parts_.push_back(std::move(part));
}

// ---- Taking.

bool Spool::take(std::uint64_t items_max, base::WallTime expired_before, Batch& out) {
  out.clear();
  while (!parts_.empty()) {
    map_front();
    out.lost_items += std::exchange(unmapped_lost_, 0);
    if (parts_.empty()) break;
    Segment& segment = *parts_.front().segment;
    out.frame = segment.frame();
    while (out.items < items_max) {
      const auto entry = segment.next(out.items == 0 ? UINT64_MAX : items_max - out.items);
      if (!entry) break;
      out.lost_items += entry->lost_items;
      if (entry->info.at < expired_before) {
        out.expired_items += entry->info.items;
        continue;
      }
      out.entries.push_back(*entry);
      out.items += entry->info.items;
      out.bytes += entry->bytes.size();
      out.newest_at = std::max(out.newest_at, entry->info.at);
    }
    if (segment.is_at_end()) out.lost_items += segment.lost_at_end();
    if (out.has_any()) return true;
    if (parts_.size() == 1) break;
    drop_front();
  }
  return out.has_any();
}

void Spool::settle() {
  if (parts_.empty() || !parts_.front().segment) return;
  Part& front = parts_.front();
  front.segment->settle();
  count(front);
  if (!front.segment->is_empty()) return;
  if (parts_.size() > 1 || !front.is_open) return drop_front();
  // While the collector keeps up, its first pages are all that is ever used.
  front.segment->rewind(front.segment->generation() + 1);
}

/// Takes over how many items a part still has.
void Spool::count(Part& part) {
  const std::uint64_t settled = part.items - part.segment->items();
  part.items -= settled;
  items_ -= settled;
  if (part.path.empty()) memory_items_ -= settled;
}

/// What cannot be read any more is lost, and counted with the next batch.
void Spool::map_front() {
  while (!parts_.empty() && !parts_.front().segment) {
    Part& part = parts_.front();
    if (auto memory = base::MappedMemory::open(part.path)) part.segment = Segment::open(std::move(*memory));
    if (part.segment && part.segment->items() == part.items) return;
    unmapped_lost_ += part.items;
    items_ -= part.items;
    discard(part);
    parts_.pop_front();
  }
}

void Spool::drop_front() {
  Part part = std::move(parts_.front());
  parts_.pop_front();
  items_ -= part.items;
  if (part.path.empty()) {
    memory_items_ -= part.items;
    memory_bytes_ -= options_.segment_bytes;
    return;
  }
  const bool is_reusable = part.segment && part.segment->frame() == options_.frame &&
                           part.bytes == options_.segment_bytes && wants_disk_ && !spare_;
  if (!is_reusable) return discard(part);
  part.items = 0;
  spare_ = std::move(part);
}

void Spool::discard(Part& part) {
  if (part.path.empty()) return;
  ::unlink(part.path.c_str());
  budget_.bytes -= part.bytes;
}

std::optional<base::WallTime> Spool::oldest_at() {
  map_front();
  for (const Part& part : parts_)
    if (part.segment)
      if (const auto at = part.segment->oldest_at()) return at;
  return std::nullopt;
}

}  // namespace archestra::telemetry::spool
