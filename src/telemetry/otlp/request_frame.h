// What stands before and after the items of an export request: who exports, and by which scope. The same for
// all signals, for in opentelemetry.proto the messages ResourceSpans, ResourceLogs and ResourceMetrics, and
// those of their scopes, have the same field numbers. Immutable; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archestra::telemetry::otlp {

/// Who exports (OpenTelemetry resource conventions).
struct Resource {
  std::string service_name = "archestra";
  std::string service_version{};
  std::string service_instance_id{};  ///< a UUID made at start; "" leaves it out
  /// Further ones; their keys are valid UTF-8, and each is there once. They win over the version and instance
  /// above, not over the name, nor over what tells who made the spans (telemetry.sdk.*).
  std::vector<std::pair<std::string, std::string>> attributes{};
};

class RequestFrame {
 public:
  explicit RequestFrame(const Resource& resource);

  /// What stands before items of so many bytes; each of them is a field 2 of its scope.
  std::string prefix(std::size_t items_bytes) const;
  /// What stands after them.
  std::string_view suffix() const { return schema_; }

  /// All of it as bytes that another process can read. They mean the same in all later versions.
  std::string packed() const;
  static std::optional<RequestFrame> unpack(std::string_view bytes);

 private:
  RequestFrame() = default;
  std::string resource_;  // field 1 of ResourceSpans
  std::string scope_;     // field 1 of ScopeSpans
  std::string schema_;    // field 3 of ScopeSpans
};

}  // namespace archestra::telemetry::otlp
