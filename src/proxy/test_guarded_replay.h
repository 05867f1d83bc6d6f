// A response through gate and guard as the relay drives them, for tests: a read at a time in the same buffer,
// each sent before the next comes.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"
#include "call/delivery.h"
#include "http/test_splits.h"
#include "proxy/call_policy.h"
#include "proxy/gate.h"
#include "proxy/tool_guard.h"

namespace archestra::proxy {

enum class End : std::uint8_t { kWhole, kBroken };

struct GuardedReplay {
  std::string sent;
  std::vector<std::string> decisions;  // "NAME DECISION"
  call::Delivery delivery;
};

struct GuardedResponse {
  const providers::Provider& provider;
  const call::Route& route;
  const providers::RequestFacts& request;
  policy::PolicySetRef policies;
  GateMode mode;
  std::size_t held_bytes_max = std::size_t{1} << 20;
  std::size_t scan_bytes_max = std::size_t{1} << 20;
  std::size_t event_bytes_max = std::size_t{1} << 16;
};

inline GuardedReplay replay_guarded(const GuardedResponse& response, const http::Pieces& pieces,
                                    End end = End::kWhole) {
  GuardedReplay result;
  base::BufferPool pool;
  const model::AgentRef agent = model::make_agent({}, "agent");
  CallPolicy call_policy;
  call_policy.begin(response.policies, *agent);
  ToolGuard guard(response.provider, response.route, response.request, call_policy, pool,
                  {.held_bytes_max = response.held_bytes_max, .memory_bytes_max = std::size_t{1} << 30});
  const auto scan = response.provider.scan(response.route, response.request);
  Gate gate(response.mode, scan.get(),
            {.scan_bytes_max = response.scan_bytes_max, .event_bytes_max = response.event_bytes_max}, pool,
            http::ContentCoding::kIdentity, &guard);
  Runs runs;
  base::Buffer buffer = pool.take(std::size_t{1} << 20);
  const auto send = [&] {
    for (const std::string_view run : runs.all()) result.sent += run;
    gate.observe(runs, {});
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    runs.clear();
    pieces[i].copy(buffer.data(), pieces[i].size());
    EXPECT_TRUE(gate.take_in({buffer.data(), pieces[i].size()}, {}, runs));
    if (i + 1 < pieces.size() || end == End::kBroken)
      gate.collect(runs);
    else
      EXPECT_TRUE(gate.finish(runs));
    send();
    gate.release_views();
  }
  if (end == End::kBroken) {
    runs.clear();
    gate.let_go(runs);
    send();
  }
  gate.conclude();
  for (const call::ToolDecision& decision : guard.conclude())
    result.decisions.push_back(decision.tool + " " + std::string(name_of(decision.decision)));
  result.delivery = gate.delivery();
  return result;
}

/// A set with one policy of all agents, about one tool.
inline policy::PolicySetRef policy_about(std::string_view tool, model::InvocationAction action,
                                         model::PolicyMode mode = model::PolicyMode::kEnforce) {
  policy::PolicyRows rows;
  rows.invocation.push_back({.id = *base::Uuid::parse("11111111-2222-4333-8444-555555555555"),
                             .agent_id = std::nullopt,
                             .tool = std::string(tool),
                             .conditions = {},
                             .action = action,
                             .reason = "not here",
                             .mode = mode});
  const auto compiled = policy::compile(rows);
  EXPECT_TRUE(compiled.has_value());
  return compiled.value_or(policy::no_policies());
}

}  // namespace archestra::proxy
