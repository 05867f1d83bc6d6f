// OpenAI's dialect: https://platform.openai.com/docs/api-reference.
#pragma once

#include <memory>

#include "providers/provider.h"

namespace archestra::providers {

std::unique_ptr<Provider> make_openai();

}  // namespace archestra::providers
