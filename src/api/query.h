// The query of a request's target (application/x-www-form-urlencoded) as names and values. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archestra::api {

class Query {
 public:
  /// Nothing is refused here but what cannot be read; what is said is checked by who asks.
  explicit Query(std::string_view text);

  /// What is wrong with it, if only these parameters are known: a bad escape, an unknown parameter, one that
  /// occurs twice. Nothing where all is well.
  std::optional<std::string> fault(std::initializer_list<std::string_view> known) const;
  std::optional<std::string_view> find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  bool is_malformed_ = false;
};

/// Reads a whole number where it is given. A fault where it is none from `min` to `max`.
std::optional<std::string> read_number(const Query& query, std::string_view name, std::uint64_t min,
                                       std::uint64_t max, std::uint64_t& number);

/// The page of a list that a query asks for.
struct Page {
  static constexpr std::uint64_t kLimitDefault = 50;
  static constexpr std::uint64_t kLimitMax = 1000;
  std::uint64_t limit = kLimitDefault;
  std::uint64_t offset = 0;

  /// Reads `limit` and `offset`; a fault where one is no number that a list takes.
  std::optional<std::string> read(const Query& query);
  /// Appends `"pagination":{...}` for a list of `total` items.
  void append_json(std::string& out, std::size_t total) const;
};

}  // namespace archestra::api
