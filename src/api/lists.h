// What the lists of the platform API share: the order that is asked for, and the shape of a page. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "api/answers.h"
#include "api/query.h"

namespace archestra::api {

bool contains_ignoring_case(std::string_view text, std::string_view part);

struct Sorting {
  enum class By : std::uint8_t { kName, kCreated, kUpdated } by = By::kName;
  bool descends = false;

  /// Reads `sortBy`, which may be `name_key`, createdAt or updatedAt, and `sortDirection`. What is not given
  /// stays as it is. A fault where one is something else.
  std::optional<std::string> read(const Query& query, std::string_view name_key);

  /// Whether `a` stands before `b`. Ids decide between equals, so that pages neither repeat nor leave out.
  template <class Item>
  bool operator()(const Item& a, const Item& b, const std::string& a_name, const std::string& b_name) const {
    const auto before = [this](const auto& first, const auto& second) {
      return descends ? second < first : first < second;
    };
    if (by == By::kCreated && a.created != b.created) return before(a.created, b.created);
    if (by == By::kUpdated && a.updated != b.updated) return before(a.updated, b.updated);
    if (by == By::kName && a_name != b_name) return before(a_name, b_name);
    return before(a.id.bytes, b.id.bytes);
  }
};

/// `{"data":[...],"pagination":{...}}` of a page, which `append` writes item by item.
template <class Item, class Append>
ServiceAnswer page_answer(std::span<const Item> items, std::size_t total, const Page& page, Append append) {
  std::string body = R"({"data":[)";
  for (const Item& item : items) {
    if (body.back() != '[') body += ',';
    append(body, item);
  }
  body += "],";
  page.append_json(body, total);
  body += '}';
  return json_answer(200, std::move(body));
}

/// The same with the page of all `items` that was asked for.
template <class Item, class Append>
ServiceAnswer list_answer(std::span<const Item> items, const Page& page, Append append) {
  const std::size_t begin = std::min<std::size_t>(page.offset, items.size());
  const std::size_t count = std::min<std::size_t>(page.limit, items.size() - begin);
  return page_answer(items.subspan(begin, count), items.size(), page, append);
}

}  // namespace archestra::api
