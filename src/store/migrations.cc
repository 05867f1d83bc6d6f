#include "store/migrations.h"

#include <array>

namespace archestra::store {
namespace {

// 1: agents with their labels, and single values of the platform. Booleans are 0 or 1; times are microseconds
// since 1970 (UTC).
constexpr const char* kAgents = R"(
  CREATE TABLE agents (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    is_default SMALLINT NOT NULL,
    consider_context_untrusted SMALLINT NOT NULL,
    deny_tools_in_untrusted_context SMALLINT NOT NULL,
    capture_content SMALLINT NOT NULL,
    on_client_disconnect TEXT NOT NULL,
    drain_seconds INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  CREATE TABLE agent_labels (
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    label_key TEXT NOT NULL,
    label_value TEXT NOT NULL,
    PRIMARY KEY (agent_id, label_key)
  );
  CREATE TABLE platform_values (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
  );
)";

constexpr std::array kMigrations{kAgents};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace archestra::store
