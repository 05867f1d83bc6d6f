// Which requests that only pass through have answers without tool calls. Where a policy could block calls,
// all others are refused, because nobody reads their answers. Pure functions over constant tables.
#pragma once

#include <span>
#include <string_view>

namespace archestra::providers {

/// "GET", or "" for any method; and a path whose segments are texts, "*" for one of any text, or, as the
/// last, "**" for any number of them.
struct HarmlessPath {
  std::string_view method;
  std::string_view path;
};

/// Whether a request is one of these. A path is compared as it is sent on: one that a server could take for
/// another, with escapes, "." or ".." or an empty segment, is none of them.
bool is_one_of(std::span<const HarmlessPath> paths, std::string_view method, std::string_view path);

}  // namespace archestra::providers
