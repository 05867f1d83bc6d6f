// What the tables share: how values stand in columns, and statements that run once. Implementation detail of
// store/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/sqlite/database.h"

namespace archestra::store {

/// A time as its column has it.
inline std::int64_t microseconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

/// Nothing where no time of ours can be that.
inline std::optional<base::WallTime> wall_time(std::int64_t microseconds_since_1970) {
  if (microseconds_since_1970 < microseconds(base::WallTime()) ||
      microseconds_since_1970 > microseconds(base::WallTime::max()))
    return std::nullopt;
  return base::WallTime(std::chrono::microseconds(microseconds_since_1970));
}

/// Ids are found again by their text, and there is one text for each.
inline std::optional<base::Uuid> id_from(std::string_view text) {
  const auto id = base::Uuid::parse(text);
  return id && id->text() == text ? id : std::nullopt;
}

struct HashUuid {
  std::size_t operator()(const base::Uuid& id) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};

/// A statement that is prepared, bound and run once.
template <class... Values>
base::Result<void> run(sqlite::Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return base::fail(statement.error());
  (statement->bind(values), ...);
  return statement->run();
}

/// The first column of the only row; -1 where there is none.
template <class... Values>
base::Result<std::int64_t> number_from(sqlite::Database& database, std::string_view sql,
                                       const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return base::fail(statement.error());
  (statement->bind(values), ...);
  const auto row = statement->step();
  if (!row) return base::fail(row.error());
  return *row ? statement->number(0) : -1;
}

/// Calls `take(row)` for each row of a statement that is bound. It answers a Result<void>; the first failure
/// ends it.
template <class Take>
base::Result<void> for_each_row(sqlite::Statement& rows, Take take) {
  while (true) {
    const auto row = rows.step();
    if (!row) return base::fail(row.error());
    if (!*row) return {};
    if (const base::Result<void> taken = take(rows); !taken) return taken;
  }
}

}  // namespace archestra::store
