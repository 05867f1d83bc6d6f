#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace archestra::store::sqlite {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

int errno_or(sqlite3* database, int otherwise) {
  const int err = database != nullptr ? sqlite3_system_errno(database) : 0;
  return err != 0 ? err : otherwise;
}

base::Error error_of(sqlite3* database, int result) {
  using base::ErrorCode;
  switch (result & 0xff) {  // the low byte is the primary code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kTimeout, "another process has the database locked"};
    case SQLITE_FULL:
      return {ErrorCode::kSystem, "there is no room for the database", ENOSPC};
    case SQLITE_READONLY:
      return {ErrorCode::kSystem, "the database cannot be written", EROFS};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kSystem, "the database cannot be opened", errno_or(database, EACCES)};
    case SQLITE_IOERR:
      return {ErrorCode::kSystem, "the database's file failed", errno_or(database, EIO)};
    case SQLITE_NOMEM:
      return {ErrorCode::kSystem, "no memory for the database", ENOMEM};
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kSystem, "the database may not be used", EACCES};
    case SQLITE_NOTADB:
      return {ErrorCode::kMalformed, "the file is no database"};
    case SQLITE_CORRUPT:
      return {ErrorCode::kMalformed, "the database is damaged"};
    default:
      return {ErrorCode::kInvalid, "the database does not have the expected form"};
  }
}

// SQLite would make it for all to read; its log files take their mode from it.
base::Result<void> make_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return base::fail(base::ErrorCode::kSystem, "the database cannot be opened", errno);
  ::close(fd);
  return {};
}

}  // namespace

struct Database::Impl {
  std::unique_ptr<sqlite3, CloseDatabase> handle;
};

struct Statement::Impl {
  sqlite3* database;
  std::unique_ptr<sqlite3_stmt, Finalize> handle;
  int bound = 0;
  int failure = SQLITE_OK;  // of a bind, told by the next step
};

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::bind(std::string_view text) {
  // An empty view may point nowhere, which SQLite takes for NULL.
  const char* const data = text.empty() ? "" : text.data();
  const int result = sqlite3_bind_text64(impl_->handle.get(), ++impl_->bound, data, text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);  // NOLINT: SQLite's own cast
  if (result != SQLITE_OK) impl_->failure = result;
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  const int result = sqlite3_bind_int64(impl_->handle.get(), ++impl_->bound, number);
  if (result != SQLITE_OK) impl_->failure = result;
  return *this;
}

Statement& Statement::bind_null() {
  const int result = sqlite3_bind_null(impl_->handle.get(), ++impl_->bound);
  if (result != SQLITE_OK) impl_->failure = result;
  return *this;
}

base::Result<bool> Statement::step() {
  const int result = impl_->failure != SQLITE_OK ? impl_->failure : sqlite3_step(impl_->handle.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return base::fail(error_of(impl_->database, result));
}

base::Result<void> Statement::run() {
  const auto stepped = step();
  sqlite3_reset(impl_->handle.get());
  impl_->bound = 0;
  impl_->failure = SQLITE_OK;
  if (!stepped) return base::fail(stepped.error());
  return {};
}

std::string_view Statement::text(int column) const {
  sqlite3_stmt* const handle = impl_->handle.get();
  const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(handle, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle, column))};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(impl_->handle.get(), column); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(impl_->handle.get(), column) == SQLITE_NULL;
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

base::Result<Database> Database::open(const std::string& path, base::Duration busy_timeout) {
  if (const auto made = make_private(path); !made) return base::fail(made.error());
  sqlite3* raw = nullptr;
  // One thread at a time uses it: SQLite's own lock would only cost.
  const int result =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(std::make_unique<Impl>(Impl{.handle = std::unique_ptr<sqlite3, CloseDatabase>(raw)}));
  if (result != SQLITE_OK) return base::fail(error_of(raw, result));
  sqlite3_busy_timeout(raw,
                       static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(busy_timeout).count()));
  // Its two files stay when it is closed, the log empty, so that a copy may take the place of the database;
  // what is shared keeps its blocks: the database can be opened where the disk is full.
  int keeps_files = 1;
  sqlite3_file_control(raw, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps_files);
  // FULL: what was confirmed survives a power failure too. A change made by a person is worth one sync.
  const auto configured = database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 0; PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;");
  if (!configured) return base::fail(configured.error());
  return database;
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3* const handle = impl_->handle.get();
  sqlite3_stmt* raw = nullptr;
  const int result = sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (result != SQLITE_OK) return base::fail(error_of(handle, result));
  return Statement(std::make_unique<Statement::Impl>(
      Statement::Impl{.database = handle, .handle = std::unique_ptr<sqlite3_stmt, Finalize>(raw)}));
}

base::Result<void> Database::execute(const char* sql) {
  sqlite3* const handle = impl_->handle.get();
  const int result = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return base::fail(error_of(handle, result));
  return {};
}

base::Result<Transaction> Transaction::begin(Database& database) {
  // IMMEDIATE: the lock comes now or not at all, so that no later step finds the database busy.
  if (const auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return base::fail(begun.error());
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // Fails where SQLite has rolled back by itself, which is what is wanted.
  [[maybe_unused]] const auto undone = database_->execute("ROLLBACK");
}

base::Result<void> Transaction::commit() {
  const auto committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace archestra::store::sqlite
