// OpenAI's files: upload by a form, list, metadata, content, deletion.
#pragma once

#include <optional>
#include <string_view>

#include "simulator/dialect.h"
#include "simulator/files.h"

namespace archestra::simulator {

/// `place` is the path below /files: "", "{id}" or "{id}/content". Nothing where the method does not fit.
std::optional<Reply> openai_files(Files& files, std::string_view place, const DialectRequest& request);

}  // namespace archestra::simulator
