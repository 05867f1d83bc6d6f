// OpenAI's operations on what is no text: embeddings, speech, transcriptions, images. Pure.
#pragma once

#include "simulator/dialect.h"
#include "simulator/openai_request.h"

namespace archestra::simulator {

Reply openai_embeddings(const EmbeddingsRequest& asked, const DialectRequest& request);
/// A WAV of silence, of at least x-sim-body-bytes.
Reply openai_speech(const DialectRequest& request);
/// Needs a form with a file.
Reply openai_transcription(const DialectRequest& request);
/// An image of one pixel.
Reply openai_image(const DialectRequest& request);

}  // namespace archestra::simulator
