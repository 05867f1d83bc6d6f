// The answers of the responses operation, JSON and server-sent events.
#pragma once

#include <memory>

#include "providers/provider.h"

namespace archestra::providers::openai {

/// An answer in the background has no usage yet: its figures stay unknown.
std::unique_ptr<ResponseScan> make_responses_scan();

}  // namespace archestra::providers::openai
