// One request from its head to its record. Reads top to bottom in exchange.cc: begin, serve (locally, by the
// platform API in exchange_api.cc, the web UI in exchange_site.cc, or by an upstream, with the tries of
// exchange_try.cc); and in exchange_end.cc: how it ends, finish. finish() is the only exit: it makes the
// record and tells the observer, exactly once. Lives in the connection's coroutine for as long as the
// request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"
#include "call/call_record.h"
#include "call/delivery.h"
#include "call/error_meaning.h"
#include "http/body_framing.h"
#include "http/content_decoder.h"
#include "http/trace_context.h"
#include "http_io/message_source.h"
#include "http_io/service.h"
#include "net/task.h"
#include "proxy/call_policy.h"
#include "proxy/client_connection.h"
#include "proxy/content_capture.h"
#include "proxy/forward_head.h"
#include "proxy/gate.h"
#include "proxy/local_reply.h"
#include "proxy/relay.h"
#include "proxy/retry.h"
#include "proxy/shard.h"
#include "proxy/tool_guard.h"
#include "proxy/try.h"
#include "proxy/upload.h"

namespace archestra::proxy {

/// What becomes of the client's connection.
enum class AfterExchange : std::uint8_t {
  kKeepAlive,
  kClose,
  kLinger,  ///< answered before the request was read: let the client take the answer first
  kAbort,   ///< only a reset tells the client that its answer is not whole
};

/// A response of this status or a higher one is an error (RFC 9110 section 15).
inline constexpr int kFirstErrorStatus = 400;

/// Whether the platform API serves it.
constexpr bool is_api_path(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

class Exchange {
 public:
  /// `heads.request` has been read from `client`; its views live as long as the exchange.
  Exchange(Shard& shard, ClientConnection& client, Heads& heads);
  Exchange(const Exchange&) = delete;

  net::Task<AfterExchange> run();
  /// For a head that could not be read: `error` is answered, in the platform's own shape, and recorded.
  net::Task<AfterExchange> run_refused(base::Error error);

 private:
  /// A refusal of our own: status, code, and words for the person who reads the SDK's exception.
  struct Refusal {
    int status;
    call::Outcome outcome;
    std::string_view code;
    std::string_view message;
    unsigned retry_after_seconds = 0;
    std::string_view allow = {};
  };

  void begin();
  net::Task<void> serve();
  net::Task<void> serve_locally();
  net::Task<void> serve_api();
  net::Task<void> stream_events(const http_io::ServiceAnswer& answer);
  net::Task<void> serve_file(const http::SiteFile& file);
  http_io::ServiceRequest service_request() const;

  // The way of an LLM call.
  net::Task<void> serve_call();
  bool admit(Refusal& refusal);
  net::Task<bool> read_body(http_io::BodyLimits limits);
  void inspect_body();

  // What policies have to do with it: exchange_policy.cc.
  bool admit_operation(Refusal& refusal);
  bool apply_policies(Refusal& refusal);
  void learn_tools();
  bool holds_answer() const;
  void set_guard();

  // Its tries: exchange_try.cc.
  net::Task<void> try_until_answered();
  net::Task<std::optional<Pause>> attempt();
  void begin_try();
  enum class Step : std::uint8_t { kDone, kStale, kCallIsOver };
  net::Task<base::Result<UpstreamPtr>> connect();
  net::Task<base::Result<UpstreamPtr>> dial(UpstreamPlace place);
  net::Task<Step> send_request(UpstreamConnection& upstream);
  net::Task<Step> after_upload(UploadResult result);
  net::Task<Step> read_response_head(UpstreamConnection& upstream);
  bool is_repeatable() const;
  bool was_stale(UpstreamConnection& upstream, base::Error error) const;
  std::optional<Pause> pause_after_connect(base::Error error);
  std::optional<Pause> pause_after_answer();
  std::optional<Pause> pause_after(int status_code, std::optional<base::Duration> retry_after);
  net::Task<void> discard_answer(UpstreamPtr upstream);
  net::Task<bool> wait_out(Pause pause);
  void let_go(UpstreamPtr upstream, RelayEnd end);

  // The answer of the last one.
  net::Task<void> relay_response(UpstreamPtr upstream);
  struct WrittenHead {
    base::Buffer storage;
    std::string_view text;  ///< in `storage`
  };
  WrittenHead write_head(ClientBody body);
  GateMode gate_mode(http::ContentCoding coding) const;
  ClientFraming client_framing(GateMode mode) const;
  bool captures_content() const;
  void conclude_relay(const RelayResult& result, const Gate& gate, GateMode mode);

  // How a call ends. Each sets the outcome; the first to do so wins.
  net::Task<void> refuse(Refusal refusal);
  net::Task<void> fail_before_head(base::Error error, call::TimeLimit limit);
  net::Task<void> client_left();
  void break_off();
  call::TimeLimit passed(call::TimeLimit limit) const;
  void log_failure(base::Error error, const call::ErrorMeaning& meaning) const;
  void settle(call::Outcome outcome, std::string_view error_type);
  net::Task<void> reply(LocalReply reply);
  net::Task<void> send_continue();

  bool keeps_alive() const;
  void finish();
  /// What the record has views of, beside the exchange.
  struct RecordParts {
    std::vector<std::string_view> finish_reasons;
    std::vector<call::TryRecord> tries;
    CapturedTexts texts;
    call::CapturedContent content;  // views of these
  };
  void finish_call(call::CallRecord& record, RecordParts& parts);
  std::span<const call::TryRecord> tell_tries(std::vector<call::TryRecord>& storage);

  Shard& shard_;
  ClientConnection& client_;
  Heads& heads_;
  const Settings& settings_;

  // The request.
  base::MonotonicTime started_;
  base::WallTime started_at_;
  call::TraceContext trace_;
  std::string tracestate_;
  http::BodyFraming framing_;
  std::string_view route_template_ = "unmatched";
  bool body_consumed_ = false;  // nothing of the request is left in the connection

  // The call in it, if it is one.
  const providers::Provider* provider_ = nullptr;
  call::Route route_;
  model::AgentRef agent_;
  bool call_started_ = false;
  http_io::WholeBody body_;
  providers::RequestFacts request_facts_;
  CallPolicy policy_;
  std::unique_ptr<providers::ResponseScan> scan_;
  std::optional<ToolGuard> guard_;  // of the response
  std::vector<call::ToolDecision> tool_decisions_;
  std::unique_ptr<providers::ContentReader> content_reader_;  // of the response; null where nobody captures
  bool unread_ = false;  // what the scan has of the response is not all of it
  call::Delivery delivery_;
  std::vector<call::Stall> stalls_;  // of the response

  // Its tries.
  std::vector<Try> earlier_tries_;
  std::optional<Try> try_;              // the last one, or the one that is being made
  base::MonotonicTime total_deadline_;  // of all of them
  bool answering_ = false;              // the response's head is on its way to the client
  ClientFraming to_client_ = ClientFraming::kNone;
  Waits waits_;

  // What came of it.
  std::optional<call::Outcome> outcome_;
  std::string error_type_;
  int status_ = 0;  // what the client got
  std::uint64_t request_body_bytes_ = 0;
  std::uint64_t response_body_bytes_ = 0;
  AfterExchange after_ = AfterExchange::kKeepAlive;
};

}  // namespace archestra::proxy
