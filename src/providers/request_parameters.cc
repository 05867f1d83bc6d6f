#include "providers/request_parameters.h"

#include <algorithm>

namespace archestra::providers {
namespace {

template <class Number, class Read>
bool read_one_of(std::span<const NumberMember<Number>> members, json::ondemand::raw_json_string key,
                 call::RequestNumbers& numbers, Read read) {
  const auto found =
      std::ranges::find_if(members, [&](const NumberMember<Number>& member) { return key == member.key; });
  if (found == members.end()) return false;
  if (const std::optional<Number> number = read()) numbers.*(found->number) = number;
  return true;
}

}  // namespace

bool read_number(const NumberMembers& members, json::ondemand::raw_json_string key,
                 json::ondemand::value member, call::RequestNumbers& numbers) {
  return read_one_of(members.reals, key, numbers, [&] { return json::as_real(member); }) ||
         read_one_of(members.integers, key, numbers, [&] { return json::as_integer(member); });
}

void read_text(json::ondemand::value member, std::string& text) {
  if (const auto found = json::as_string(member)) text = found->substr(0, call::kRequestTextBytesMax);
}

void read_texts(json::ondemand::value member, std::vector<std::string>& texts) {
  texts.clear();
  for_each_text(member, [&](std::string_view text) {
    if (texts.size() < call::kStopSequencesMax)
      texts.emplace_back(text.substr(0, call::kRequestTextBytesMax));
  });
}

}  // namespace archestra::providers
