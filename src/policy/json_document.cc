#include "policy/json_document.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/json_text.h"
#include "base/memory_reserve.h"

namespace archestra::policy {
namespace {

// A mark of the byte order does not hide from a model what stands behind it.
bool looks_like_json(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

void append_number(std::string& out, double number) {
  constexpr double kWholeMax = 9e18;  // fits std::int64_t
  if (std::abs(number) <= kWholeMax && std::trunc(number) == number) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(number));
    return;
  }
  std::array<char, 32> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

// As deep as the parser goes.
void append_json(std::string& out, dom::element value) {
  switch (value.type()) {
    case dom::element_type::OBJECT: {
      char before = '{';
      for (const dom::key_value_pair member : dom::object(value)) {
        out += before;
        base::append_json_string(out, member.key);
        out += ':';
        append_json(out, member.value);
        before = ',';
      }
      out += before == '{' ? "{}" : "}";
      break;
    }
    case dom::element_type::ARRAY: {
      char before = '[';
      for (const dom::element item : dom::array(value)) {
        out += before;
        append_json(out, item);
        before = ',';
      }
      out += before == '[' ? "[]" : "]";
      break;
    }
    case dom::element_type::STRING:
      base::append_json_string(out, std::string_view(value));
      break;
    case dom::element_type::INT64:
      fmt::format_to(std::back_inserter(out), "{}", std::int64_t(value));
      break;
    case dom::element_type::UINT64:
      fmt::format_to(std::back_inserter(out), "{}", std::uint64_t(value));
      break;
    case dom::element_type::DOUBLE:
      append_number(out, double(value));
      break;
    case dom::element_type::BOOL:
      out += bool(value) ? "true" : "false";
      break;
    case dom::element_type::NULL_VALUE:
      out += "null";
      break;
  }
}

}  // namespace

JsonDocument::State JsonDocument::read() {
  if (!is_read_) state_ = parse();
  is_read_ = true;
  return state_;
}

JsonDocument::State JsonDocument::parse() {
  if (!is_readable_) return State::kUnreadable;
  if (kind_ == Kind::kContent && !looks_like_json(text_)) return State::kPlainText;
  const std::string_view json = text_.empty() ? "{}" : text_;
  // simdjson looks whether it got most of the memory that it asked for, and writes into the rest unseen.
  const base::WithoutMemoryAside without;
  const bool has_failed = parser_.parse(json.data(), json.size()).get(root_) != simdjson::SUCCESS;
  return has_failed || without.has_refused() ? State::kUnreadable : State::kJson;
}

std::string_view text_of(dom::element value, std::string& scratch) {
  std::string_view text;
  if (!value.get_string().get(text)) return text;
  scratch.clear();
  append_json(scratch, value);
  return scratch;
}

}  // namespace archestra::policy
