// Embeddings: made vectors, as JSON numbers or as base64 of little-endian floats.
#pragma once

#include <cstddef>
#include <string>

#include "base/ids.h"

namespace archestra::simulator {

/// Appends "[...]" of so many numbers between -0.1 and 0.1.
void append_vector(std::string& out, base::Random& random, std::size_t dimensions);
/// Appends the same numbers as a JSON string.
void append_vector_base64(std::string& out, base::Random& random, std::size_t dimensions);

}  // namespace archestra::simulator
