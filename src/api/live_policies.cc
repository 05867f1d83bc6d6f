#include "api/live_policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"

namespace archestra::api {
namespace {

std::string sentence(std::string_view kind, std::string_view id, std::string_view message) {
  return fmt::format("The {} {} cannot be used. {}", kind, id, message);
}

std::string_view kind_of(const policy::PolicyRows& rows, const base::Uuid& id) {
  const bool is_invocation = std::ranges::count(rows.invocation, id, &model::ToolInvocationPolicy::id) > 0;
  return is_invocation ? "tool invocation policy" : "trusted data policy";
}

bool are_the_same(const policy::PolicyRows& a, const policy::PolicyRows& b) {
  return a.invocation == b.invocation && a.trusted_data == b.trusted_data && a.tools == b.tools;
}

}  // namespace

std::expected<LoadedPolicies, PolicyFault> compile_policies(store::PolicyRows rows) {
  if (rows.fault)
    return std::unexpected(PolicyFault{
        .id = rows.fault->id, .message = sentence(rows.fault->kind, rows.fault->id, rows.fault->message)});
  LoadedPolicies loaded{.rows = {.invocation = std::move(rows.invocation),
                                 .trusted_data = std::move(rows.trusted_data),
                                 .tools = std::move(rows.tools)},
                        .set = nullptr};
  auto set = policy::compile(loaded.rows);
  if (!set) {
    const auto& [id, message] = set.error();
    return std::unexpected(
        PolicyFault{.id = id.text(), .message = sentence(kind_of(loaded.rows, id), id.text(), message)});
  }
  loaded.set = std::move(*set);
  return loaded;
}

LivePolicies::LivePolicies(store::Store& store, LoadedPolicies loaded, PublishPolicies publish,
                           telemetry::PolicySetMetrics& metrics)
    : store_(store), publish_(std::move(publish)), metrics_(metrics), loaded_(std::move(loaded)) {
  metrics_.count_success();
}

std::optional<ServiceAnswer> LivePolicies::change(const store::PolicyChange& change) {
  std::optional<std::expected<LoadedPolicies, PolicyFault>> compiled;
  const auto done = store_.change_policies(change, [&](store::PolicyRows rows) {
    compiled = compile_policies(std::move(rows));
    return compiled->has_value();
  });
  if (!done) return store_failed(done.error());
  if (!*done) {
    fail(std::move(compiled->error()));
    return error_answer(409, "conflict",
                        fmt::format("Nothing was changed, because the policies in the store cannot be used "
                                    "together with it. {}",
                                    fault_->message));
  }
  use(std::move(**compiled));
  return std::nullopt;
}

void LivePolicies::reload() {
  auto rows = store_.policies();
  if (!rows) return fail({.id = "", .message = fmt::format("The store failed: {}.", rows.error().text())});
  auto compiled = compile_policies(std::move(*rows));
  if (!compiled) return fail(std::move(compiled.error()));
  if (fault_ || !are_the_same(compiled->rows, loaded_.rows))
    base::log(base::LogLevel::kInfo, "policies read again",
              {{"policies", compiled->rows.invocation.size() + compiled->rows.trusted_data.size()}});
  use(std::move(*compiled));
}

// The old set lives until every shard uses the new one, and beyond that as long as any call has it.
void LivePolicies::use(LoadedPolicies loaded) {
  publish_(loaded.set);
  replaced_.push_back(std::move(loaded_.set));
  loaded_ = std::move(loaded);
  loaded_at_ = base::wall_now();
  fault_.reset();
  metrics_.count_success();
  release_unused();
}

void LivePolicies::fail(PolicyFault fault) {
  base::log(base::LogLevel::kError, "the policies cannot be used; the last good ones stay in force",
            {{"why", std::string_view(fault.message)}});
  if (!fault_) failing_since_ = base::wall_now();
  fault_ = std::move(fault);
  metrics_.count_failure();
}

void LivePolicies::forget_agent(const base::Uuid& id) {
  // What was at fault may have gone with it.
  if (fault_) return reload();
  const auto is_its_own = [&](const auto& row) { return row.agent_id == id; };
  std::erase_if(loaded_.rows.invocation, is_its_own);
  std::erase_if(loaded_.rows.trusted_data, is_its_own);
  std::erase_if(loaded_.rows.tools, is_its_own);
}

void LivePolicies::release_unused() {
  // Nobody can take another reference to one that only this list has.
  std::erase_if(replaced_, [](const policy::PolicySetRef& set) { return set.use_count() == 1; });
}

ServiceAnswer LivePolicies::status() const {
  std::string body = R"({"loaded":")";
  base::append_iso_time(body, loaded_at_);
  fmt::format_to(std::back_inserter(body), R"(","policies":{},"error":)",
                 loaded_.rows.invocation.size() + loaded_.rows.trusted_data.size());
  if (!fault_) return json_answer(200, body += "null}");
  body += R"({"id":)";
  if (fault_->id.empty())
    body += "null";
  else
    base::append_json_string(body, fault_->id);
  body += R"(,"message":)";
  base::append_json_string(body, fault_->message);
  body += R"(,"since":")";
  base::append_iso_time(body, failing_since_);
  return json_answer(200, body += "\"}}");
}

}  // namespace archestra::api
