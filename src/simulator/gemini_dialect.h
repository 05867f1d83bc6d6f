// Gemini, in the versions v1, v1beta and v1alpha: generateContent, streamGenerateContent, countTokens,
// embedContent, batchEmbedContents, models, files and their resumable upload, and errors for the rest. Known
// by its paths, or by the fields that its SDKs send.
#pragma once

#include <memory>

#include "simulator/dialect.h"

namespace archestra::simulator {

std::unique_ptr<Dialect> make_gemini_dialect();

}  // namespace archestra::simulator
