// Reading JSON with simdjson on demand, without exceptions and without its header in ours. Implementation
// detail of the dialects: include from their .cc files only.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::providers::json {

namespace ondemand = simdjson::ondemand;

/// A document over `text`, parsed with this thread's parser: one at a time. Copies the text where fewer than
/// SIMDJSON_PADDING readable bytes (`slack`) follow it. What is read does not depend on those bytes.
simdjson::simdjson_result<ondemand::document> read(std::string_view text, std::size_t slack);

/// Where in memory a document begins that nothing was read of yet: in `text`, or in a copy of it.
const char* begin_of(ondemand::document& document, std::string_view text);

/// Where `value` is a string: its text, unescaped, valid until the next read().
std::optional<std::string_view> as_string(ondemand::value value);
std::optional<std::uint64_t> as_count(ondemand::value value);
std::optional<std::int64_t> as_integer(ondemand::value value);
/// Of any number, a whole one too.
std::optional<double> as_real(ondemand::value value);
bool is_object(ondemand::value& value);
bool is_string(ondemand::value& value);
bool is_null(ondemand::value& value);
bool is_true(ondemand::value value);
/// A hash of the text of an array or an object, never 0; 0 of anything else. What stands behind it can still
/// be read.
std::uint64_t hash_of_text(ondemand::value value);
/// Whether a key is written with escapes, so that it may mean more than it compares equal to.
bool has_escapes(ondemand::raw_json_string key);

/// Calls `visit(key, value)` for every member of an object; keys with escapes are compared raw. Stops where
/// the text makes no sense; false then.
template <class Visit>
bool for_each_member(ondemand::object object, Visit visit) {
  for (auto member : object) {
    ondemand::raw_json_string key;
    ondemand::value value;
    // A bracket in a value's place would be taken for the end of something around it.
    if (member.key().get(key) || member.value().get(value) || value.type().error()) return false;
    visit(key, value);
  }
  return true;
}

/// The same of a value, which may be anything: where it is no object, nothing is visited.
template <class Visit>
bool for_each_member(ondemand::value value, Visit visit) {
  ondemand::object object;
  return is_object(value) && !value.get_object().get(object) && for_each_member(object, visit);
}

/// Whether no token is left. False after an error too.
bool is_read_to_its_end(ondemand::document& document);

/// As for_each_member(), for the root of a document. True only where it is all of the text: the object is
/// closed, and nothing but white space follows it. Anything else is no JSON, and what was visited means
/// nothing.
template <class Visit>
bool for_each_root_member(ondemand::document& document, Visit visit) {
  ondemand::object root;
  return !document.get_object().get(root) && for_each_member(root, visit) && is_read_to_its_end(document);
}

}  // namespace archestra::providers::json
