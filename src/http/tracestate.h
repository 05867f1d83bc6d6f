// W3C Trace Context level 2: the tracestate field, what other tracing systems say of a trace.
#pragma once

#include <cstddef>
#include <string>

#include "http/head.h"

namespace archestra::http {

/// What a span keeps of it, which is as much as everybody has to propagate (section 3.3.1.5).
inline constexpr std::size_t kTracestateBytesMax = 512;

/// The list in all tracestate fields of a request, in order, without white space and empty members. One
/// longer than kTracestateBytesMax is cut by whole members: first those of more than 128 characters, then
/// from the right. "" where there is none, and where it breaks the grammar or has more than 32 members: then
/// nobody may believe any of it.
std::string read_tracestate(const Fields& fields);

}  // namespace archestra::http
