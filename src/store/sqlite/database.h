// One connection to an SQLite file. Blocks: for the one thread that owns it at a time. SQLite itself appears
// in the .cc alone. Nothing here throws; a failure becomes a base::Error with one of these codes:
//   kTimeout    another process had the file locked for longer than the wait
//   kSystem     the operating system refused; `detail` is its errno (ENOSPC, EROFS, EACCES, EIO...)
//   kMalformed  the file is damaged, or no database at all
//   kInvalid    the statement does not suit the database: its schema is not the one we made
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace archestra::store::sqlite {

class Database;

/// A prepared statement with its cursor. Views of its columns live until the next step() or reset().
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement(const Statement&) = delete;
  ~Statement();

  /// Parameters in order, from the first `?` on. Text is copied.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind_null();

  /// Whether there is another row.
  base::Result<bool> step();
  /// Runs a statement that gives no rows, and makes it ready to be bound again.
  base::Result<void> run();

  // Of the current row, from 0 on.
  std::string_view text(int column) const;
  std::int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Impl;
  explicit Statement(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Database {
 public:
  /// Opens the file, making it where it is missing, readable by its owner alone. A lock of another process is
  /// waited for as long as `busy_timeout`. Write-ahead log, every commit on the disk before it is confirmed.
  static base::Result<Database> open(const std::string& path, base::Duration busy_timeout);
  Database(Database&&) noexcept;
  Database(const Database&) = delete;
  ~Database();

  base::Result<Statement> prepare(std::string_view sql);
  /// Statements without parameters or rows, separated by semicolons.
  base::Result<void> execute(const char* sql);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Begins a transaction that may write. Unless committed it is undone when this dies.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  ~Transaction();

  base::Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace archestra::store::sqlite
