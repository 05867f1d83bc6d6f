// Heads as bytes, appended to a caller's buffer. The caller gives valid names and values; a
// value from outside has passed the head parser first.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace archestra::http {

/// Appends text to a fixed span. Overflow is remembered, never written: check ok() once at the end.
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> out) : out_(out) {}

  HeadWriter& text(std::string_view piece) {
    if (piece.size() > out_.size() - used_) {
      ok_ = false;
      return *this;
    }
    if (!piece.empty()) std::memcpy(out_.data() + used_, piece.data(), piece.size());
    used_ += piece.size();
    return *this;
  }
  HeadWriter& number(std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return text({digits, static_cast<std::size_t>(end - digits)});
  }
  HeadWriter& field(std::string_view name, std::string_view value) {
    return text(name).text(": ").text(value).text("\r\n");
  }
  HeadWriter& field(std::string_view name, std::uint64_t value) {
    return text(name).text(": ").number(value).text("\r\n");
  }
  /// "HTTP/1.1 <status> <reason>"
  HeadWriter& status_line(int status, std::string_view reason) {
    return text("HTTP/1.1 ").number(static_cast<std::uint64_t>(status)).text(" ").text(reason).text("\r\n");
  }
  /// The empty line.
  HeadWriter& end() { return text("\r\n"); }

  bool ok() const { return ok_; }
  std::string_view written() const { return {out_.data(), used_}; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
  bool ok_ = true;
};

}  // namespace archestra::http
