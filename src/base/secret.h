// A credential. It has no formatter and no operator, so that it cannot be logged or exported by
// accident: whoever needs the text says so.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace archestra::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  bool empty() const { return text_.empty(); }
  std::string_view reveal() const { return text_; }
  /// Comparison in a time that depends on lengths alone, so that its delay tells nothing.
  bool matches(std::string_view candidate) const {
    if (candidate.size() != text_.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < text_.size(); ++i)
      difference |= static_cast<unsigned char>(text_[i]) ^ static_cast<unsigned char>(candidate[i]);
    return difference == 0;
  }

 private:
  std::string text_;
};

}  // namespace archestra::base
