// Where in a JSON value a condition looks: `a.b`, `to[0].address`, `emails[*].from`, `["a.b"].c`.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::policy {

/// From a value to those within it. A number names an element of an array, and a member of an object that is
/// called so, since `to.0` and `to[0]` are one and the same to many.
struct PathStep {
  bool is_every = false;  ///< `*`: to all elements, or to all members
  std::string member = {};
  std::optional<std::size_t> index = {};
  bool operator==(const PathStep&) const = default;
};

/// No step at all: the whole value.
using JsonPath = std::vector<PathStep>;

/// Names stand between dots, in any characters but `.`, `[`, `]` and `"`; in brackets stand numbers, `*`, or
/// a name as a JSON string. A fault is the end of a sentence about the path.
std::expected<JsonPath, std::string> parse_path(std::string_view text);

}  // namespace archestra::policy
