// Which spans of a finished request the exemplars of its figures name.
#pragma once

#include <cstddef>

#include "call/call_record.h"
#include "telemetry/metrics/exemplar.h"

namespace archestra::telemetry {

/// Whether the spans of a request are on their way to be exported.
enum class SpansRecorded : bool { kNo, kYes };

/// For the time of CallObserver::on_request_finished.
class RequestSpans {
 public:
  RequestSpans(const call::RequestRecord& record, SpansRecorded recorded);

  /// The CLIENT span of that try; nothing for those of many tries that have no span.
  ExemplarSource of_try(std::size_t i) const;
  /// The last try's, or the SERVER span where there was none.
  ExemplarSource of_call() const;

 private:
  const call::RequestRecord& record_;
  ExemplarSource server_;
};

}  // namespace archestra::telemetry
