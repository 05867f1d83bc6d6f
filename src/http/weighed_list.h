// Lists whose items have weights, as Accept and Accept-Encoding (RFC 9110 section 12.4.2). Private to this
// folder.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "http/head.h"

namespace archestra::http {

/// Calls `visit` for each item of the list that all fields of this name are together (RFC 9110 section 5.3),
/// up to where it answers false; answers that false then.
template <class Visit>
bool for_each_value(const Fields& fields, std::string_view name, Visit visit) {
  return std::ranges::all_of(fields, [&](const Field& field) {
    return !equals_ignoring_case(field.name, name) || base::for_each_item(field.value, visit);
  });
}

/// `text/html;level=1;q=0.9` without what stands behind the name. A weight that is none is zero.
struct Weighed {
  std::string_view name;
  int thousandths = 1000;
};
inline Weighed weighed(std::string_view item) {
  const auto take = [&item] {
    const std::size_t end = std::min(item.find(';'), item.size());
    const std::string_view part = base::trimmed(item.substr(0, end));
    item.remove_prefix(std::min(end + 1, item.size()));
    return part;
  };
  Weighed result{.name = take()};
  while (!item.empty())
    if (const std::string_view parameter = take(); equals_ignoring_case(parameter.substr(0, 2), "q="))
      result.thousandths = base::parse_weight(parameter.substr(2)).value_or(0);
  return result;
}

}  // namespace archestra::http
