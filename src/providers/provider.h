// One API dialect: what its paths mean, what a request says, what a response tells, how it words an error.
// A Provider is immutable and shared by all shards; a ResponseScan belongs to one try of one call.
// Nothing here does I/O. Adding a dialect: one folder that implements these two and one line in registry.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call/request_parameters.h"
#include "call/route.h"
#include "call/usage.h"
#include "model/tool.h"
#include "providers/content.h"
#include "providers/tool_calls.h"
#include "providers/tool_history.h"

namespace archestra::providers {

/// Replaces `removed` bytes of a request body at `offset` by `inserted`.
struct BodyEdit {
  std::size_t offset = 0;
  std::size_t removed = 0;
  std::string inserted;

  bool empty() const { return removed == 0 && inserted.empty(); }
  bool operator==(const BodyEdit&) const = default;
};

/// What a request of an observed operation says.
struct RequestFacts {
  std::string model;               ///< "" where it names none
  bool stream = false;             ///< the client wants the answer in pieces
  std::uint32_t tool_results = 0;  ///< results of tool calls in the history that it carries
  call::RequestParameters parameters = {};
  /// A hash of the JSON text that declares tools, so that the same need not be read again; 0 where there is
  /// none.
  std::uint64_t tools_hash = 0;
  /// The usage option: asked for in the upstream request although the client did not. Its chunk is then
  /// dropped from what the client gets.
  BodyEdit usage_option;

  bool operator==(const RequestFacts&) const = default;
};

/// Whether the gateway may ask a provider for usage in streams whose client did not.
enum class UsageOption : std::uint8_t { kLeaveAlone, kAskFor };

/// What happens to a response event at the gate; docs/decisions/0001-the-gate.md.
enum class Verdict : std::uint8_t {
  kPass,  ///< leaves, unchanged
  kDrop,  ///< never leaves
};

/// What a response told, so far. Token figures as call::Usage defines them, whatever the dialect counts.
struct ResponseFacts {
  call::Usage usage;  ///< kEstimate: the provider has spoken, but its last word on the output is to come
  std::string model;
  std::string id;
  std::vector<std::string> finish_reasons;  ///< one per choice, in order
  std::uint32_t tool_calls = 0;
  std::uint32_t content_events = 0;  ///< events that carried text, reasoning or tool calls
  bool ended = false;                ///< the stream's last event has come
  std::string error_type;            ///< of an error object in the response; "" for none
  std::string service_tier;          ///< in OpenAI's sense, as the next one; "" where not told
  std::string system_fingerprint;

  bool operator==(const ResponseFacts&) const = default;
};

/// Reads one response alongside, in whatever pieces the gate hands it.
class ResponseScan {
 public:
  virtual ~ResponseScan() = default;

  /// One whole server-sent event, raw, or one element of an array (reads_array()). Never fails: what makes no
  /// sense passes unread.
  virtual Verdict on_event(std::string_view raw) = 0;
  /// Whether an answer that is no event stream is a JSON array of events, each for on_event() as soon as it
  /// is whole, instead of one body.
  virtual bool reads_array() const { return false; }
  /// The whole body of an answer that is no stream. `slack` readable bytes follow it.
  virtual void on_body(std::string_view body, std::size_t slack) = 0;

  const ResponseFacts& facts() const { return facts_; }

 protected:
  ResponseFacts facts_;
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// Of the provider, not of the dialect: "openai", or "groq" that speaks as openai does.
  virtual std::string_view name() const = 0;

  /// The way of a request whose path, behind "/v1/<name>" and an agent's id, is `rest` (begins with '/', has
  /// the query). `with_agent`: an id was there, which the route template shows.
  virtual call::Route route(std::string_view method, std::string_view rest, bool with_agent) const = 0;

  /// What the path and the body of an observed operation say. `slack` readable bytes follow the body. One
  /// that is no JSON says nothing: the provider will refuse it in its own words.
  virtual RequestFacts inspect(const call::Route& route, std::string_view body, std::size_t slack,
                               UsageOption usage) const = 0;
  /// The reader for a response of an observed operation; null where there is nothing to read.
  virtual std::unique_ptr<ResponseScan> scan(const call::Route& route, const RequestFacts& request) const = 0;

  /// The reader for tool calls in a response of an observed operation; null where its answers have none.
  virtual std::unique_ptr<ToolCallReader> tool_calls(const call::Route&, const RequestFacts&) const {
    return nullptr;
  }
  /// Whether the answer of a request that only passes through has no tool calls, as far as is known of its
  /// path. Where a policy could block calls, all others are refused.
  virtual bool brings_no_tool_calls(std::string_view /*method*/, const call::Route&) const { return false; }
  /// The tools that the body of an observed operation declares for the client to run. `slack` readable bytes
  /// follow the body. Those that make no sense are left out.
  virtual std::vector<model::DeclaredTool> declared_tools(const call::Route&, std::string_view /*body*/,
                                                          std::size_t /*slack*/) const {
    return {};
  }
  /// The results of tools that the body of an observed operation carries, and where they lie in it.
  virtual ToolHistory tool_history(const call::Route&, std::string_view /*body*/,
                                   std::size_t /*slack*/) const {
    return {};
  }

  /// What the body of an observed operation says, for whoever captures it. `slack` readable bytes follow the
  /// body. Of one that makes no sense, and of an operation in which nobody says anything, nothing.
  virtual RequestContent request_content(const call::Route&, std::string_view /*body*/, std::size_t /*slack*/,
                                         ContentBounds bounds) const {
    return RequestContent(bounds);
  }
  /// The reader for what a response of an observed operation says; null where nothing is said.
  virtual std::unique_ptr<ContentReader> content(const call::Route&, ContentBounds) const { return nullptr; }

  /// Names of response fields whose values are URLs of the provider for what the client does next. Those
  /// below the provider's base URL are made to lead through the gateway.
  virtual std::span<const std::string_view> url_fields() const { return {}; }

  /// The JSON body with which this provider's SDKs raise their usual exception for `status`.
  virtual std::string error_body(int status, std::string_view code, std::string_view message) const = 0;
};

}  // namespace archestra::providers
