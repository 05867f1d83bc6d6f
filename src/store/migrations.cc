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

// 2: the tools that agents declare, and policies about their calls and results with their conditions. A
// policy without an agent is one of all agents. Texts that may be long stand last, so that whoever wants the
// others need not read them.
constexpr const char* kPolicies = R"(
  CREATE TABLE tools (
    id TEXT PRIMARY KEY NOT NULL,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    result_treatment TEXT NOT NULL,
    usable_with_untrusted_data SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    description TEXT NOT NULL,
    parameters TEXT NOT NULL,
    UNIQUE (agent_id, name)
  );
  CREATE TABLE tool_invocation_policies (
    id TEXT PRIMARY KEY NOT NULL,
    agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    mode TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  CREATE TABLE tool_invocation_conditions (
    policy_id TEXT NOT NULL REFERENCES tool_invocation_policies (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    condition_key TEXT NOT NULL,
    condition_operator TEXT NOT NULL,
    condition_value TEXT NOT NULL,
    PRIMARY KEY (policy_id, position)
  );
  CREATE TABLE trusted_data_policies (
    id TEXT PRIMARY KEY NOT NULL,
    agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    action TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  CREATE TABLE trusted_data_conditions (
    policy_id TEXT NOT NULL REFERENCES trusted_data_policies (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    condition_key TEXT NOT NULL,
    condition_operator TEXT NOT NULL,
    condition_value TEXT NOT NULL,
    PRIMARY KEY (policy_id, position)
  );
)";

// 3: who is signed in. Only hashes: whoever reads the file cannot sign in with it.
constexpr const char* kSessions = R"(
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY NOT NULL,
    admin_token_mark TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
  );
)";

constexpr std::array kMigrations{kAgents, kPolicies, kSessions};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace archestra::store
