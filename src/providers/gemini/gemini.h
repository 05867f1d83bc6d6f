// The Gemini API (generativelanguage.googleapis.com).
#pragma once

#include <memory>
#include <string_view>

#include "providers/provider.h"

namespace archestra::providers {

std::unique_ptr<Provider> make_gemini(std::string_view provider_name);

}  // namespace archestra::providers
