// OpenAI, with or without /v1 in front: chat/completions, responses, completions, embeddings, models, files,
// audio, images, and errors for the rest. It speaks on every path that no other dialect claims.
#pragma once

#include <memory>

#include "simulator/dialect.h"

namespace archestra::simulator {

std::unique_ptr<Dialect> make_openai_dialect();

}  // namespace archestra::simulator
