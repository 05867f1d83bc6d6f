// OpenAI's dialect: https://platform.openai.com/docs/api-reference.
#pragma once

#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers {

std::unique_ptr<Provider> make_openai(std::string_view provider_name);

}  // namespace archestra::providers
