// A call for which spans have every attribute and every kind of event there is.
#pragma once

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/byte_ring.h"
#include "telemetry/test_records.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

/// One try, so two spans; the record is read back, as the export thread has it.
class FullCall {
 public:
  FullCall() {
    using namespace std::chrono_literals;
    sample_.tries[0].retried_after = 1s;
    sample_.tries[0].outcome = sample_.call.outcome = call::Outcome::kUpstreamTruncated;
    sample_.tries[0].error_type = "truncated";
    sample_.request.error_type = "upstream_truncated";
    sample_.request.trace.random = true;
    sample_.parameters = {.numbers = {.max_tokens = 1000,
                                      .temperature = 0.5,
                                      .top_p = 0.9,
                                      .top_k = 40,
                                      .frequency_penalty = 0.1,
                                      .presence_penalty = 0.2,
                                      .seed = -7,
                                      .choice_count = 2,
                                      .dimension_count = 512},
                          .output_type = call::OutputType::kJson,
                          .stop_sequences = {"\n\n", "END"},
                          .encoding_format = "float",
                          .service_tier = "flex"};
    sample_.call.response_service_tier = "default";
    sample_.call.system_fingerprint = "fp_50cad350e4";
    sample_.call.request_labels = {.agent = "planner",
                                   .session = "b6f1c0de-7a1c-4d0c-8f1e-3c1d2b0a9f88",
                                   .run = "run-1748",
                                   .user = "user-20417"};
    sample_.call.usage.cache_write_tokens = 16;
    sample_.call.tool_decisions = decisions_;
    sample_.call.blocked_tool_calls = 1;
    const bool is_read = write_record(sample_.request, ring_) && read_record(ring_.front(), request_);
    ARCHESTRA_ASSERT(is_read, "a record goes into an empty ring");
  }

  const FinishedRequest& request() const { return request_; }

 private:
  std::vector<call::ToolDecision> decisions_{
      {.tool = "read_file"},
      {.tool = "send_mail",
       .decision = call::Decision::kBlocked,
       .policy_id = base::Uuid::parse("11111111-2222-4333-8444-555555555555"),
       .reason = "mail goes to the company alone"}};
  SampleCall sample_;
  base::ByteRing ring_{1 << 16};
  FinishedRequest request_;
};

}  // namespace archestra::telemetry
