// Server-sent events (WHATWG HTML section 9.2.6) cut out of a byte stream, independent of how the
// bytes arrive. Lines end in LF, CRLF or CR; an empty line ends an event. No parsing beyond that:
// an event is its raw bytes, its data is asked for where it is needed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::http {

/// Cuts a stream into events. Copies bytes only where an event is split between two reads.
///
///   reader.feed(bytes);
///   while (auto event = reader.next()) ...   // views stay valid until the next call of next() or feed()
///
/// feed() may be called again only after next() has returned nothing. An event longer than the bound is
/// given out in pieces of that size marked `oversized` (the last may be shorter), so that memory stays
/// bounded and no byte is lost. An empty line where an event would begin is an event of its own without
/// data. All events and unfinished() together are the stream.
///
/// An event whose last byte so far is a CR may yet get the LF of that line end, and is held until the next
/// byte tells. Otherwise either the events would depend on the cut, or the LF of each CRLF stream's event
/// would come with the next event. Only streams with nothing but CR are late by this, and none is known.
class SseReader {
 public:
  explicit SseReader(std::size_t event_bytes_max);  ///< at least 1

  struct Event {
    std::string_view raw;    ///< all bytes of the event, its empty line included
    bool oversized = false;  ///< a piece of an event that is too long to be looked at
  };
  void feed(std::string_view bytes);
  std::optional<Event> next();
  /// Bytes of an event that has not ended, in order, once next() has returned nothing; what a gate holds
  /// back. At the end of the stream the owner passes them on as they are.
  std::string_view unfinished() const { return carry_; }

 private:
  // Position in the line structure, kept across reads. kAfterLastCr: the line that the CR ended was empty.
  enum class At : unsigned char { kLineStart, kInLine, kAfterCr, kAfterLastCr };

  // How many bytes of `window` belong to the current event, and whether it ends with them.
  std::size_t scan(std::string_view window, bool& ended);
  // The event's bytes, of which the first `size` of pending_ are the last.
  std::string_view take(std::size_t size);

  const std::size_t event_bytes_max_;
  std::string carry_;         // the beginning of an event whose end has not come
  std::string_view pending_;  // what feed() brought and next() has not given out
  At at_ = At::kLineStart;
  bool carry_given_out_ = false;
  bool oversized_ = false;  // a piece of the current event was given out
};

/// The event's data: the value of its data line; several are joined by LF in `scratch`
/// (WHATWG HTML section 9.2.6). Nothing where it has no data line. A byte order mark in front is ignored.
std::optional<std::string_view> sse_data(std::string_view raw_event, std::string& scratch);

/// Whether every line of the event is one that the format knows: a field of it, a comment, or empty. Any
/// other is to be ignored, and may be something else to a client that does not take it for an event.
bool is_well_formed_sse(std::string_view raw_event);

/// The value of the event's last `event` line, or "".
std::string_view sse_event_name(std::string_view raw_event);

/// Appends `raw_event` with other data: its other lines in their order, then `data`, then the empty line.
/// Data with line ends in it goes in as many lines.
void append_sse_with_data(std::string& out, std::string_view raw_event, std::string_view data);
/// Appends an event; without an event line where `name` is "".
void append_sse(std::string& out, std::string_view name, std::string_view data);

}  // namespace archestra::http
