// The text form of log lines: `key=value key="value with spaces"`, as Go's logfmt and Grafana Loki read it.
// A value that would be read as something else stands in quotes, escaped as in JSON; so a line is one line,
// whatever is in it.
#pragma once

#include <string>
#include <string_view>

namespace archestra::base {

/// Appends a value, in quotes where it has to be.
void append_logfmt_text(std::string& out, std::string_view text);

/// Appends a key that somebody else chose: what would end it, and what is no UTF-8, becomes '_'.
void append_logfmt_key(std::string& out, std::string_view key);

}  // namespace archestra::base
