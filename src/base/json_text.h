// Writing JSON text: the few pieces that logs and hand-made answers need. Reading is simdjson's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace archestra::base {

/// Appends `text` as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD, so that what we
/// print is always valid (RFC 8259 sections 7 and 8.1).
void append_json_string(std::string& out, std::string_view text);

/// Appends RFC 3339 UTC with microseconds: 2026-01-31T12:00:00.123456Z.
void append_iso_time(std::string& out, WallTime time);

/// How many characters at the start of `text` are ASCII that a JSON string may hold without an escape.
std::size_t plain_prefix(std::string_view text);

/// The length of the well-formed UTF-8 sequence at the start of `text` (1-4), or 0 (RFC 3629 section 4).
std::size_t utf8_sequence_length(std::string_view text);

/// `text`, which is JSON or has JSON in it, with U+FFFD in the place of each \u escape that is half a
/// character (a lone surrogate): `text` itself where there is none, else a copy in `scratch`. Escapes keep
/// their length, so that a place in the one is the same place in the other. JavaScript writes such halves
/// where it has cut a text, and parsers of JSON differ on them.
std::string_view with_whole_characters(std::string_view text, std::string& scratch);

}  // namespace archestra::base
