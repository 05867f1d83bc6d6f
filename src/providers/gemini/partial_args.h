// Arguments of a function call that come value by value (streamFunctionCallArguments): each piece says by a
// JSON path where in the arguments it belongs, and texts come in pieces themselves.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "providers/json_view.h"

namespace archestra::providers::gemini {

class PartialArgs {
 public:
  PartialArgs();
  ~PartialArgs();
  PartialArgs(PartialArgs&&) noexcept;
  PartialArgs& operator=(PartialArgs&&) noexcept;

  /// Puts one element of `partialArgs` in its place. False where it makes no sense, or where readers could
  /// put it elsewhere; then all is lost. Says in `continues` whether more of its value is to come.
  bool add(json::View piece, bool& continues);

  /// The arguments so far, as a JSON object.
  std::string text() const;

 private:
  struct Node;

  Node* find_or_make(std::string_view path);

  // What a path takes in memory is more than it takes in an event.
  static constexpr std::size_t kNodesMax = 4096;
  static constexpr std::size_t kDepthMax = 64;

  std::unique_ptr<Node> root_;
  std::size_t node_count_ = 0;
};

}  // namespace archestra::providers::gemini
