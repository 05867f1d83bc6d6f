#include "providers/gemini/partial_args.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/json_text.h"
#include "providers/gemini/strict_members.h"

namespace archestra::providers::gemini {
namespace {

using json::View;

// A step of a path: a member of an object, or an element of an array.
struct Step {
  std::string_view name;
  std::size_t index = 0;
  bool is_index = false;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A null is a value here, where it is not the null of something left out.
bool says_null(View piece) {
  for (const json::Member& member : piece.members())
    if (member.is("nullValue") || member.is("null_value"))
      return is_null(member.value) || member.value.is_string("NULL_VALUE");
  return false;
}

// Takes the first step off a path behind its '$', such as ".a" or "[0]" (RFC 9535). Names in quotes, which
// readers take apart in different ways, are none, and neither are names that may be meant as an index.
std::optional<Step> take_step(std::string_view& path) {
  Step step;
  if (path.front() == '.') {
    const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
    step.name = path.substr(1, end - 1);
    path.remove_prefix(end);
    if (step.name.empty() || step.name.find_first_of("]'\"*?@$()\\ ") != std::string_view::npos)
      return std::nullopt;
    if (std::ranges::all_of(step.name, is_digit)) return std::nullopt;
    return step;
  }
  const std::size_t end = path.find(']');
  if (path.front() != '[' || end == std::string_view::npos) return std::nullopt;
  const std::string_view digits = path.substr(1, end - 1);
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const auto read = std::from_chars(digits.begin(), digits.end(), step.index);
  if (read.ec != std::errc()) return std::nullopt;
  step.is_index = true;
  path.remove_prefix(end + 1);
  return step;
}

}  // namespace

struct PartialArgs::Node {
  enum class Kind : std::uint8_t { kNew, kObject, kArray, kText, kOther };

  Node* child(const Step& step, bool& is_new);
  void append_to(std::string& out) const;

  Kind kind = Kind::kNew;
  bool is_open = false;  // more of a text, or of an array, is to come
  std::string text;      // of kText; of kOther its JSON
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Node>> children;
  std::unordered_map<std::string, std::size_t> places;  // of names
};

// The one that a step leads to, made where it has to be; null where it leads nowhere.
PartialArgs::Node* PartialArgs::Node::child(const Step& step, bool& is_new) {
  const Kind wanted = step.is_index ? Kind::kArray : Kind::kObject;
  if (kind == Kind::kNew) kind = wanted;
  if (kind != wanted) return nullptr;
  std::size_t place = step.index;
  if (!step.is_index) {
    const auto [known, added] = places.try_emplace(std::string(step.name), children.size());
    place = known->second;
    if (added) names.emplace_back(step.name);
  }
  if (place > children.size()) return nullptr;
  is_new = place == children.size();
  if (is_new) children.push_back(std::make_unique<Node>());
  return children[place].get();
}

void PartialArgs::Node::append_to(std::string& out) const {
  switch (kind) {
    case Kind::kNew:
      out += "null";
      break;
    case Kind::kText:
      base::append_json_string(out, text);
      break;
    case Kind::kOther:
      out += text;
      break;
    case Kind::kObject:
    case Kind::kArray:
      out += kind == Kind::kObject ? '{' : '[';
      for (std::size_t i = 0; i < children.size(); ++i) {
        if (i > 0) out += ',';
        if (kind == Kind::kObject) {
          base::append_json_string(out, names[i]);
          out += ':';
        }
        children[i]->append_to(out);
      }
      out += kind == Kind::kObject ? '}' : ']';
      break;
  }
}

PartialArgs::PartialArgs() : root_(std::make_unique<Node>()) { root_->kind = Node::Kind::kObject; }
PartialArgs::~PartialArgs() = default;
PartialArgs::PartialArgs(PartialArgs&&) noexcept = default;
PartialArgs& PartialArgs::operator=(PartialArgs&&) noexcept = default;

std::string PartialArgs::text() const {
  std::string out;
  root_->append_to(out);
  return out;
}

PartialArgs::Node* PartialArgs::find_or_make(std::string_view path) {
  if (!path.starts_with('$') || path == "$") return nullptr;
  path.remove_prefix(1);
  Node* node = root_.get();
  for (std::size_t depth = 0; !path.empty(); ++depth) {
    const std::optional<Step> step = take_step(path);
    if (!step || depth == kDepthMax) return nullptr;
    bool is_new = false;
    node = node->child(*step, is_new);
    if (is_new && ++node_count_ > kNodesMax) return nullptr;
    if (node == nullptr) return nullptr;
  }
  return node;
}

bool PartialArgs::add(View piece, bool& continues) {
  using Kind = Node::Kind;
  View path;
  View text;
  View number;
  View truth;
  View null;
  View goes_on;
  if (!piece.is(View::Kind::kObject) || !pick(piece, {{"jsonPath", "json_path", &path},
                                                      {"stringValue", "string_value", &text},
                                                      {"numberValue", "number_value", &number},
                                                      {"boolValue", "bool_value", &truth},
                                                      {"nullValue", "null_value", &null},
                                                      {"willContinue", "will_continue", &goes_on}}))
    return false;
  if (!is_null(goes_on) && !goes_on.is(View::Kind::kBool)) return false;
  continues = goes_on.is_true();

  std::string place = path.text();
  // The end of an array is told by a piece without a value; of one without elements it is all there is.
  const bool ends_array = place.ends_with("[]");
  if (ends_array) place.resize(place.size() - 2);
  Node* const node = find_or_make(place);
  if (node == nullptr) return false;

  const bool is_said_null = says_null(piece);
  int value_count = is_said_null ? 1 : 0;
  for (const View value : {text, number, truth}) value_count += is_null(value) ? 0 : 1;
  if (!is_said_null && !is_null(null)) return false;
  if (value_count == 0) {
    if (node->kind != Kind::kNew) {
      node->is_open &= continues;
      return !ends_array || node->kind == Kind::kArray;
    }
    // What has no values is empty, unless one was only promised.
    if (continues) return false;
    node->kind = ends_array ? Kind::kArray : Kind::kObject;
    return true;
  }
  if (value_count > 1 || ends_array) return false;

  if (text.is(View::Kind::kString)) {
    const std::optional<std::string> more = text.as_string();
    if (!more || (node->kind != Kind::kNew && !node->is_open)) return false;
    node->kind = Kind::kText;
    node->is_open = continues;
    node->text += *more;
    return true;
  }
  if (node->kind != Kind::kNew) return false;
  node->kind = Kind::kOther;
  if (number.is(View::Kind::kNumber)) {
    node->text = number.raw();
  } else if (truth.is(View::Kind::kBool)) {
    node->text = truth.raw();
  } else if (is_said_null) {
    node->text = "null";
  } else {
    return false;
  }
  return true;
}

}  // namespace archestra::providers::gemini
