#include "policy/json_path.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace archestra::policy {
namespace {

// More than any array has that is read here.
constexpr std::size_t kIndexDigitsMax = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::size_t> index_of(std::string_view text) {
  if (text.empty() || text.size() > kIndexDigitsMax || !std::ranges::all_of(text, is_digit))
    return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  std::size_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index;
}

// The length of the JSON string that `text` begins with; 0 where it does not end.
std::size_t string_length(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return 0;
}

std::optional<std::string> unescaped(std::string_view json_string) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(json_string.data(), json_string.size()).get_string().get(text)) return std::nullopt;
  return std::string(text);
}

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::expected<JsonPath, std::string> parse() {
    while (at_ < text_.size()) {
      auto step = text_[at_] == '[' ? in_brackets() : name();
      if (!step) return std::unexpected(std::move(step.error()));
      steps_.push_back(std::move(*step));
    }
    return std::move(steps_);
  }

 private:
  using Step = std::expected<PathStep, std::string>;

  std::unexpected<std::string> fault(std::string_view what) const {
    return std::unexpected(fmt::format("{} at position {}", what, at_ + 1));
  }
  std::string_view rest() const { return text_.substr(at_); }

  Step name() {
    const bool is_first = steps_.empty();
    if (!is_first && text_[at_++] != '.') {
      --at_;
      return fault("a dot or a bracket is missing");
    }
    const std::string_view name = rest().substr(0, rest().find_first_of(".[]\""));
    if (name.empty()) return fault("a name is missing");
    if (is_first && name == "$")
      return fault("\"$\" is not needed, and a member that is called so is written [\"$\"],");
    at_ += name.size();
    if (at_ < text_.size() && (text_[at_] == ']' || text_[at_] == '"'))
      return fault("a name with such a character is written [\"in quotes\"]; this one");
    if (name == "*") return PathStep{.is_every = true};
    return PathStep{.member = std::string(name), .index = index_of(name)};
  }

  Step in_brackets() {
    ++at_;
    PathStep step;
    if (rest().starts_with('"')) {
      const std::size_t length = string_length(rest());
      auto name = length != 0 ? unescaped(rest().substr(0, length)) : std::nullopt;
      if (!name) return fault("there is no JSON string");
      step.member = std::move(*name);
      at_ += length;
    } else {
      const std::string_view inside = rest().substr(0, rest().find(']'));
      step.is_every = inside == "*";
      step.index = index_of(inside);
      if (!step.is_every && !step.index)
        return fault("brackets hold a number, \"*\", or a name in double quotes, other than");
      if (step.index) step.member = inside;
      at_ += inside.size();
    }
    if (!rest().starts_with(']')) return fault("a closing bracket is missing");
    ++at_;
    return step;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  JsonPath steps_;
};

}  // namespace

std::expected<JsonPath, std::string> parse_path(std::string_view text) { return PathParser(text).parse(); }

}  // namespace archestra::policy
