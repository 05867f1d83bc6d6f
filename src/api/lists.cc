#include "api/lists.h"

#include <fmt/format.h>

#include "base/text.h"

namespace archestra::api {

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return base::lower_case(c); };
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

std::optional<std::string> Sorting::read(const Query& query, std::string_view name_key) {
  if (const auto key = query.find("sortBy")) {
    if (*key == name_key)
      by = By::kName;
    else if (*key == "createdAt")
      by = By::kCreated;
    else if (*key == "updatedAt")
      by = By::kUpdated;
    else
      return fmt::format("The parameter sortBy must be {}, createdAt or updatedAt.", name_key);
  }
  if (const auto direction = query.find("sortDirection")) {
    if (*direction != "asc" && *direction != "desc")
      return "The parameter sortDirection must be asc or desc.";
    descends = *direction == "desc";
  }
  return std::nullopt;
}

}  // namespace archestra::api
