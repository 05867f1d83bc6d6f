#include "http/tracestate.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "http/chars.h"

namespace archestra::http {
namespace {

constexpr std::size_t kMembersMax = 32;
constexpr std::size_t kKeyCharsMax = 256;
constexpr std::size_t kValueCharsMax = 256;
constexpr std::size_t kLargeMember = 128;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kKeyCharsMax && is_lower_or_digit(key.front()) &&
         std::ranges::all_of(key, [](char c) {
           return is_lower_or_digit(c) || std::string_view("_-*/@").find(c) != std::string_view::npos;
         });
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= kValueCharsMax && value.back() != ' ' &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

bool is_member(std::string_view member) {
  const std::size_t equals = member.find('=');
  return equals != std::string_view::npos && is_key(member.substr(0, equals)) &&
         is_value(member.substr(equals + 1));
}

using Members = std::vector<std::string_view>;

// False where one of them is none, or there are too many.
bool add_members(std::string_view list, Members& members) {
  return base::for_each_item(list, [&](std::string_view member) {
    if (!is_member(member) || members.size() == kMembersMax) return false;
    members.push_back(member);
    return true;
  });
}

// Leaves out members, from the right, until the list is short enough.
template <class May>
void cut(Members& members, std::size_t& bytes, May may_go) {
  for (std::size_t i = members.size(); i > 0 && bytes > kTracestateBytesMax; --i) {
    if (!may_go(members[i - 1])) continue;
    bytes -= members[i - 1].size() + 1;
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(i - 1));
  }
}

}  // namespace

std::string read_tracestate(const Fields& fields) {
  if (!fields.has(HeaderId::kTracestate)) return {};
  Members members;
  for (const Field& field : fields)
    if (field.id == HeaderId::kTracestate && !add_members(field.value, members)) return {};
  if (members.empty()) return {};

  std::size_t bytes = members.size() - 1;  // the commas
  for (const std::string_view member : members) bytes += member.size();
  cut(members, bytes, [](std::string_view member) { return member.size() > kLargeMember; });
  cut(members, bytes, [](std::string_view) { return true; });

  std::string list;
  for (const std::string_view member : members) {
    if (!list.empty()) list += ',';
    list += member;
  }
  return list;
}

}  // namespace archestra::http
