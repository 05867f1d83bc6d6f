// Which content coding who asks wants. Pure.
#pragma once

#include "http/head.h"

namespace archestra::http {

/// Whether the Accept-Encoding fields take gzip, and like nothing better that everybody has: the bytes as
/// they are (RFC 9110 section 12.5.3). A coding that is not named has the weight of `*`. Who names neither is
/// not taken to want any, though it might.
bool prefers_gzip(const Fields& fields);

}  // namespace archestra::http
