// The usage option, `stream_options.include_usage`: what a request says of it, and the edit that asks for it.
// Implementation detail: see json.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "providers/json.h"
#include "providers/provider.h"

namespace archestra::providers::openai {

/// A value's text, and where it begins in the document.
struct Span {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// What a request says of stream_options. Of repeated members the last counts, as for the provider.
struct StreamOptions {
  enum class Kind : std::uint8_t {
    kAbsent,
    kNull,
    kEmpty,        ///< an object
    kUnset,        ///< an object with other members
    kRefused,      ///< include_usage is false or null
    kUntouchable,  ///< asks for usage already, or is not what the provider accepts: it says so in its own
                   ///< words
  };
  Kind kind = Kind::kAbsent;
  Span text = {};  ///< of the value that is edited
};

/// Reads the value of stream_options. Nothing where the text makes no sense.
std::optional<StreamOptions> read_stream_options(json::ondemand::value options, const char* document_begin);

/// The edit that makes the request ask for usage: stream_options is added, or merged with the one that is
/// there. `object_begin`: where the request's brace is.
BodyEdit ask_for_usage(const StreamOptions& options, std::size_t object_begin);

}  // namespace archestra::providers::openai
