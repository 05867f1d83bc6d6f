// What a request says of tools: those it declares, and the results of calls made before. Values, read by the
// dialects where a policy wants to know.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::providers {

/// Where in a request body the JSON value lies that is a result's content.
struct ResultPlace {
  std::size_t offset = 0;
  std::size_t size = 0;
  /// What stands around the string that replaces it: "" where a string may stand there, else the beginning
  /// and the end of an object.
  std::string_view before = {};
  std::string_view after = {};
  /// False: `before` and `after` stand there alone, because the result has no more than one place for a text.
  bool takes_text = true;
  bool operator==(const ResultPlace&) const = default;
};

struct ToolResult {
  /// Names of the tools that its call may have been for: none where the request does not tell, several where
  /// calls share an id.
  std::vector<std::string> tools;
  std::vector<std::string> contents;  ///< its texts, unescaped, or the JSON text of its object
  bool has_opaque = false;            ///< there is content besides that is no text, such as an image
  std::vector<ResultPlace> places;    ///< of everything that makes up its content, in order
  bool operator==(const ToolResult&) const = default;
};

struct ToolHistory {
  bool is_readable = true;  ///< false: the body makes no sense here, and may to the provider
  bool is_complete = true;  ///< false: part of the history is kept by the provider (previous_response_id)
  std::vector<ToolResult> results;  ///< in the order of the body
  bool operator==(const ToolHistory&) const = default;
};

}  // namespace archestra::providers
