#include "http/accept_encoding.h"

#include <optional>

#include "http/weighed_list.h"

namespace archestra::http {

bool prefers_gzip(const Fields& fields) {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> others;
  for_each_value(fields, "accept-encoding", [&](std::string_view item) {
    const auto [name, thousandths] = weighed(item);
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip"))
      gzip = thousandths;
    else if (equals_ignoring_case(name, "identity"))
      identity = thousandths;
    else if (name == "*")
      others = thousandths;
    return true;
  });
  const int weight = gzip.value_or(others.value_or(0));
  return weight > 0 && weight >= identity.value_or(0);
}

}  // namespace archestra::http
