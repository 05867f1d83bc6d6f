// The text that conditions look into: arguments of a call, or one content of a result. Parsed once, when the
// first condition asks. Implementation detail of policy/: include from its .cc files only.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace archestra::policy {

namespace dom = simdjson::dom;

class JsonDocument {
 public:
  /// Its parser takes some fifteen times as much; what is longer is not read.
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20;

  enum class Kind : bool { kArguments, kContent };
  enum class State : std::uint8_t {
    kJson,
    kPlainText,   ///< a content that does not even look like an object or array
    kUnreadable,  ///< may mean anything to somebody who reads it otherwise
  };

  /// The text outlives it.
  JsonDocument(Kind kind, std::string_view text, bool is_readable = true)
      : kind_(kind), is_readable_(is_readable), text_(text) {}

  /// Parses at the first call.
  State read();
  /// Where read() says kJson.
  dom::element root() const { return root_; }
  Kind kind() const { return kind_; }
  std::string_view text() const { return text_; }

 private:
  State parse();

  Kind kind_;
  bool is_readable_;
  bool is_read_ = false;
  State state_ = State::kUnreadable;
  std::string_view text_;
  // One of its own: what a large text took does not stay.
  dom::parser parser_{kBytesMax};
  dom::element root_;
};

/// A string's text, or else the value's JSON text in one form for each value: without white space, characters
/// as they are, a number that is whole without fraction or exponent. Valid as long as `scratch` and the
/// document.
std::string_view text_of(dom::element value, std::string& scratch);

}  // namespace archestra::policy
