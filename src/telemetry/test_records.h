// Made-up requests for tests and benchmarks of telemetry. A SampleCall owns what its record points to.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "call/call_record.h"

namespace archestra::telemetry {

inline constexpr call::Operation kSampleOperation{
    .name = "chat.completions", .gen_ai_operation = "chat", .observed = true};

template <std::size_t N>
base::HexId<N> id_of(std::uint8_t last) {
  base::HexId<N> id;
  id.bytes.fill(0x11);
  id.bytes.back() = last;
  return id;
}

/// A streamed call of 3 s that went well, with one try.
struct SampleCall {
  SampleCall() {
    using namespace std::chrono_literals;
    tries[0].span_id = id_of<8>(0xc1);
    tries[0].started_at = base::WallTime(1'700'000'000s + 1ms);
    tries[0].duration = 2900ms;
    tries[0].status_code = 200;
    tries[0].outcome = call::Outcome::kCompleted;
    tries[0].server_address = "api.openai.com";
    tries[0].server_port = 443;
    tries[0].time_to_first_byte = 200ms;
    tries[0].time_to_first_byte_sent = 201ms;
    tries[0].time_to_first_token = 250ms;
    tries[0].time_to_last_token = 2800ms;
    for (const base::Duration gap : {50ms, 1500ms, 1000ms}) tries[0].gaps.add(gap);
    tries[0].stalls = stalls;

    call.route = {.provider = "openai",
                  .operation = &kSampleOperation,
                  .route_template = "/v1/openai/chat/completions",
                  .upstream_path = "/chat/completions?secret=1",
                  .agent_id = std::nullopt};
    call.agent = model::make_agent(*base::Uuid::parse("0f6dc1a8-3b2e-4c1d-9a7f-112233445566"), "Support Bot",
                                   {{"cost-center", "42"}, {"team", "data"}});
    parameters.numbers.max_tokens = 1000;
    parameters.numbers.temperature = 0.5;
    call.requested_model = "gpt-4o";
    call.parameters = &parameters;
    call.response_model = "gpt-4o-2024-08-06";
    call.response_id = "chatcmpl-abc";
    call.finish_reasons = finish_reasons;
    call.tool_calls = 1;
    call.stream = true;
    call.usage = {.provenance = call::Provenance::kProvider,
                  .input_tokens = 100,
                  .output_tokens = 40,
                  .cache_read_tokens = 64,
                  .reasoning_tokens = 8};
    call.outcome = call::Outcome::kCompleted;
    call.tries = tries;
    call.gateway_time = 1500us;

    request.trace = {.trace_id = id_of<16>(0x01),
                     .span_id = id_of<8>(0xa1),
                     .parent_span_id = id_of<8>(0xb1),
                     .sampled = true,
                     .tracestate = "vendor=1"};
    request.started_at = base::WallTime(1'700'000'000s);
    request.duration = 3s;
    request.method = "POST";
    request.route = "/v1/openai/chat/completions";
    request.url_path = "/v1/openai/chat/completions";
    request.status_code = 200;
    request.server_address = "localhost";
    request.server_port = 9000;
    request.client_address = "127.0.0.1";
    request.user_agent = "OpenAI/JS 7.57.0";
    request.request_body_bytes = 1000;
    request.response_body_bytes = 5000;
    request.call = &call;
  }
  SampleCall(const SampleCall&) = delete;
  SampleCall& operator=(const SampleCall&) = delete;

  std::array<std::string_view, 2> finish_reasons{"tool_calls", "stop"};
  std::array<call::Stall, 1> stalls{{{std::chrono::milliseconds(300), std::chrono::milliseconds(1500)}}};
  std::array<call::TryRecord, 1> tries;
  call::RequestParameters parameters;
  call::CallRecord call;
  call::RequestRecord request;
};

/// A GET /health.
inline call::RequestRecord sample_health() {
  using namespace std::chrono_literals;
  call::RequestRecord request;
  request.trace.trace_id = id_of<16>(0x02);
  request.trace.span_id = id_of<8>(0xa2);
  request.started_at = base::WallTime(1'700'000'000s);
  request.duration = 100us;
  request.method = "GET";
  request.route = "/health";
  request.url_path = "/health";
  request.status_code = 200;
  return request;
}

}  // namespace archestra::telemetry
