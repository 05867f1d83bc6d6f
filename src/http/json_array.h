// The elements of a JSON array (RFC 8259 section 5) cut out of a byte stream, independent of how the bytes
// arrive: some providers stream an answer as one array whose elements come one by one. No parsing beyond
// strings and brackets: an element is its raw text, and whether that is JSON is for whoever reads it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::http {

/// Cuts a stream into the elements of the array that it is. Copies bytes only where an element is split
/// between two reads.
///
///   reader.feed(bytes);
///   while (auto element = reader.next()) ...   // the view is valid until the next call of next() or feed()
///
/// feed() may be called again only after next() has returned nothing. An element longer than the bound is
/// left out, and so is what never becomes whole. A stream that is an object instead is its own only element
/// (an error). Any other stream has none. Brackets are counted, not matched, so that nesting, however deep,
/// takes no memory; what is cut wrongly for that is no JSON. Nothing is read behind the closing bracket.
class JsonArrayReader {
 public:
  explicit JsonArrayReader(std::size_t element_bytes_max);

  void feed(std::string_view bytes);
  std::optional<std::string_view> next();
  /// What stands in front of the element that next() gave out last, behind the one before; once it has
  /// returned nothing, what has come since. All gaps and elements together are the stream, but for elements
  /// that were left out.
  std::string_view gap() const { return gap_; }
  /// Whether anything of a gap was left out, because it was longer than the bound.
  bool left_out_of_gap() const { return left_out_of_gap_; }
  /// Whether an element has begun and not ended.
  bool is_in_element() const { return at_ != At::kStart && at_ != At::kBetween && at_ != At::kEnd; }
  /// Whether an element was longer than the bound.
  bool left_any_out() const { return left_any_out_; }

 private:
  // kNested: within an object, an array, or in front of the first byte of one or of a string.
  enum class At : unsigned char { kStart, kBetween, kNested, kString, kEscape, kScalar, kEnd };

  void skip_to_element();
  // How many bytes of pending_ belong to the current element; it has ended with them where at_ says so.
  std::size_t scan();
  void close_value();
  void skip(std::size_t size);

  const std::size_t element_bytes_max_;
  std::string carry_;  // the beginning of an element whose end has not come
  std::string gap_;
  std::string_view pending_;  // what feed() brought and next() has not looked at
  std::size_t depth_ = 0;     // of brackets within the element
  At at_ = At::kStart;
  bool is_lone_object_ = false;
  bool carry_given_out_ = false;
  bool gap_given_out_ = false;
  bool oversized_ = false;  // the current element is, and is not kept
  bool left_any_out_ = false;
  bool left_out_of_gap_ = false;
};

}  // namespace archestra::http
