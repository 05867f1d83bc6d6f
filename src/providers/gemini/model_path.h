// The paths of Gemini's operations on models: "/v1beta/models/gemini-2.0-flash:generateContent". Everything
// else passes through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::providers::gemini {

enum class Method : std::uint8_t {
  kGenerateContent,
  kStreamGenerateContent,
  kEmbedContent,
  kBatchEmbedContents,
  kCountTokens,
};
inline constexpr std::string_view kMethods[] = {"generateContent", "streamGenerateContent", "embedContent",
                                                "batchEmbedContents", "countTokens"};
inline constexpr std::string_view kVersions[] = {"v1", "v1beta", "v1alpha"};

struct ModelPath {
  std::size_t version = 0;       ///< in kVersions
  std::string_view model;        ///< as metrics and spans name it: without "models/", with "tunedModels/"
  bool is_below_models = false;  ///< "models/..."; else it is of another resource
  Method method = Method::kGenerateContent;
};

/// Takes a path without query apart. Escapes are resolved first, the whole path over, because the provider
/// does so too; `model` is a view of `path`, or of `scratch` where there are any. Nothing for any other path.
std::optional<ModelPath> parse_model_path(std::string_view path, std::string& scratch);

}  // namespace archestra::providers::gemini
