// For tests: calls as the export thread gets them, out of a ring.
#pragma once

#include <memory>
#include <span>

#include "base/assert.h"
#include "base/byte_ring.h"
#include "telemetry/test_records.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

/// A call's record and what is read from it.
class Recorded {
 public:
  explicit Recorded(const call::RequestRecord& record) {
    const bool is_written = write_record(record, ring_);
    ARCHESTRA_ASSERT(is_written && read_record(ring_.front(), request_), "a record goes into an empty ring");
  }
  std::span<const std::byte> bytes() { return ring_.front(); }
  const FinishedRequest& request() const { return request_; }

 private:
  base::ByteRing ring_{std::size_t{1} << 18};
  FinishedRequest request_;
};

}  // namespace archestra::telemetry
