// Members of Gemini's objects, read strictly. JSON of protocol buffers may name a field in two ways
// (ProtoJSON), and a field that stands there twice, in whatever way, is one that readers differ on.
#pragma once

#include <initializer_list>
#include <string_view>

#include "providers/json_view.h"

namespace archestra::providers::gemini {

struct Field {
  std::string_view name;
  std::string_view snake_name;  ///< "" where it is the same
  json::View* value;
};

/// As View::pick().
bool pick(json::View object, std::initializer_list<Field> fields);

inline bool is_null(json::View value) { return value.is(json::View::Kind::kNull); }
inline bool is_object_or_null(json::View value) {
  return value.is(json::View::Kind::kObject) || is_null(value);
}
inline bool is_list_or_null(json::View value) { return value.is(json::View::Kind::kArray) || is_null(value); }

/// Visits the elements of a list, or a lone object as if it were one; whether the value is either of these,
/// or null, and each visit said true.
template <class Visit>
bool for_each_of(json::View list, Visit visit) {
  if (list.is(json::View::Kind::kObject)) return visit(list);
  if (!is_list_or_null(list)) return false;
  for (const json::View element : list.elements())
    if (!visit(element)) return false;
  return true;
}

}  // namespace archestra::providers::gemini
