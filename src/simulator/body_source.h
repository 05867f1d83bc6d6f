// Where the bytes of a response body come from, piece by piece.
#pragma once

#include <string_view>

namespace archestra::simulator {

/// Whether a piece keeps to the pace of a stream's tokens.
enum class Pace : unsigned char { kAtOnce, kToken };

struct Piece {
  std::string_view text;  ///< content without framing; valid until the source is asked again
  Pace pace = Pace::kAtOnce;
  bool last = false;  ///< nothing comes after it
};

class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece. Not to be asked again after the last.
  virtual Piece next() = 0;
};

/// A body in one piece. The text outlives it.
class WholeText final : public BodySource {
 public:
  explicit WholeText(std::string_view text) : text_(text) {}
  Piece next() override { return {.text = text_, .last = true}; }

 private:
  const std::string_view text_;
};

}  // namespace archestra::simulator
