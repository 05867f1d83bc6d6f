#include "providers/pass_through.h"

#include <algorithm>

namespace archestra::providers {
namespace {

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);  // its slash
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_plain(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find_first_of("%\\;?#:") == std::string_view::npos;
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    if (wanted == "**") {
      while (!path.empty())
        if (!is_plain(take_segment(path))) return false;
      return true;
    }
    const std::string_view segment = take_segment(path);
    if (!is_plain(segment) || (wanted != "*" && wanted != segment)) return false;
  }
  return path.empty() && (pattern.empty() || pattern == "/**");
}

}  // namespace

bool is_one_of(std::span<const HarmlessPath> paths, std::string_view method, std::string_view path) {
  if (!path.starts_with('/')) return false;
  return std::ranges::any_of(paths, [&](const HarmlessPath& harmless) {
    return (harmless.method.empty() || harmless.method == method) && matches(harmless.path, path);
  });
}

}  // namespace archestra::providers
