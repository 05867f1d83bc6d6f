// What a client says a request belongs to: X-Archestra-Agent-Id, -Session-Id, -Run-Id and -User-Id, or
// X-Archestra-Meta: <agent>/<run>/<session> for three of them in one. Pure; the fields themselves end here
// (forward_head.cc).
#pragma once

#include "call/call_record.h"
#include "http/head.h"

namespace archestra::proxy {

/// Views of the field values. A field of its own wins over its part of X-Archestra-Meta, the first of
/// several over the others; what is empty was not said.
call::RequestLabels read_request_labels(const http::Fields& fields);

}  // namespace archestra::proxy
