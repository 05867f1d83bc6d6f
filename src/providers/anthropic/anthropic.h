// Anthropic's dialect: https://platform.claude.com/docs/en/api/overview.
#pragma once

#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers {

std::unique_ptr<Provider> make_anthropic(std::string_view provider_name);

}  // namespace archestra::providers
