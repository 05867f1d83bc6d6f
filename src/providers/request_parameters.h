// Reading call::RequestParameters out of the members of a request, by tables of the names that a dialect has
// for them. Implementation detail of the dialects, as json.h is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call/request_parameters.h"
#include "providers/json.h"

namespace archestra::providers {

template <class Number>
struct NumberMember {
  std::string_view key;
  std::optional<Number> call::RequestNumbers::* number;
};

struct NumberMembers {
  std::span<const NumberMember<double>> reals;
  std::span<const NumberMember<std::int64_t>> integers;
};

/// Whether `key` is one of them. A value of another kind is passed over.
bool read_number(const NumberMembers& members, json::ondemand::raw_json_string key,
                 json::ondemand::value member, call::RequestNumbers& numbers);

/// A text, cut at call::kRequestTextBytesMax; what `text` holds stays where it is none.
void read_text(json::ondemand::value member, std::string& text);

/// A text or a list of texts, the first call::kStopSequencesMax.
void read_texts(json::ondemand::value member, std::vector<std::string>& texts);

/// Calls `visit` with each text of a list, or with the text that stands in its place.
template <class Visit>
void for_each_text(json::ondemand::value member, Visit visit) {
  if (json::is_string(member)) {
    if (const auto text = json::as_string(member)) visit(*text);
    return;
  }
  json::ondemand::array items;
  if (member.get_array().get(items)) return;
  for (auto each : items) {
    json::ondemand::value item;
    if (each.get(item)) return;
    if (const auto text = json::as_string(item)) visit(*text);
  }
}

}  // namespace archestra::providers
