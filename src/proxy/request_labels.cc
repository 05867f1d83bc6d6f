#include "proxy/request_labels.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace archestra::proxy {
namespace {

using call::RequestLabels;

struct Name {
  std::string_view field;
  std::string_view RequestLabels::* label;
};
constexpr std::array<Name, 4> kNames{{{"x-archestra-agent-id", &RequestLabels::agent},
                                      {"x-archestra-session-id", &RequestLabels::session},
                                      {"x-archestra-run-id", &RequestLabels::run},
                                      {"x-archestra-user-id", &RequestLabels::user}}};

void set_unless_set(std::string_view& label, std::string_view value) {
  if (label.empty()) label = value;
}

/// The next part of `rest`, which loses it and the slash behind it.
std::string_view take_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('/'));
  rest.remove_prefix(part.size() < rest.size() ? part.size() + 1 : part.size());
  return base::trimmed(part);
}

}  // namespace

RequestLabels read_request_labels(const http::Fields& fields) {
  RequestLabels labels;
  if (!fields.has(http::HeaderId::kArchestra)) return labels;
  std::string_view meta;
  for (const http::Field& field : fields) {
    if (field.id != http::HeaderId::kArchestra) continue;
    for (const Name& name : kNames)
      if (http::equals_ignoring_case(field.name, name.field)) set_unless_set(labels.*name.label, field.value);
    if (http::equals_ignoring_case(field.name, "x-archestra-meta")) set_unless_set(meta, field.value);
  }
  set_unless_set(labels.agent, take_part(meta));
  set_unless_set(labels.run, take_part(meta));
  set_unless_set(labels.session, base::trimmed(meta));  // with whatever slashes it has
  return labels;
}

}  // namespace archestra::proxy
