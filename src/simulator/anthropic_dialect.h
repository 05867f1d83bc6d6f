// Anthropic: messages, count_tokens, models, files, with or without /v1 in front, and errors for the rest.
// Known by the path of messages, or by the fields that its SDKs send.
#pragma once

#include <memory>

#include "simulator/dialect.h"

namespace archestra::simulator {

std::unique_ptr<Dialect> make_anthropic_dialect();

}  // namespace archestra::simulator
