// JSON text read in place: where each member, element and string stands in it, so that a part can be left out
// or replaced and everything else stays byte for byte. For the dialects' work on tool calls, where what a
// key means must not depend on how it is written. Views: nothing here owns the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::providers::json {

struct Member;

/// One value in a text that is known to be JSON. A default one is a null that stands nowhere.
class View {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  View() = default;
  /// Nothing where `text` is not exactly one JSON value (RFC 8259, in UTF-8, no deeper than 1,024): what
  /// simdjson finds valid. `slack` readable bytes follow it. Nothing either where there is no memory for it.
  static std::optional<View> parse(std::string_view text, std::size_t slack = 0);

  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }
  /// The value's bytes, without white space around them.
  std::string_view raw() const { return raw_; }

  /// A string's text, unescaped; nothing for anything else. A lone surrogate is no text.
  std::optional<std::string> as_string() const;
  /// As as_string(), and "" for anything else.
  std::string text() const { return as_string().value_or(""); }
  /// The beginning of text(): as many whole characters as fit in `bytes_max`. Takes no more memory than that.
  std::string text_up_to(std::size_t bytes_max) const;
  /// A string whose text is exactly `text`.
  bool is_string(std::string_view text) const;
  /// A whole number from 0 that is written without fraction and exponent.
  std::optional<std::uint64_t> as_count() const;
  bool is_true() const { return raw_ == "true"; }

  /// Members in their order, each as often as it stands there; none for anything but an object.
  class Members;
  Members members() const;
  /// Likewise of an array.
  class Elements;
  Elements elements() const;

  /// Puts the values of the named members, unescaped names compared, where they are wanted. False where one
  /// of them stands there twice: readers differ on which counts. Of anything but an object nothing is put.
  struct Wanted {
    std::string_view name;
    View* value;
  };
  bool pick(std::initializer_list<Wanted> wanted) const;

 private:
  explicit View(std::string_view raw) : raw_(raw) {}
  static View at_front_of(std::string_view text);
  static Member take_member(std::string_view& rest);
  static View take_element(std::string_view& rest);

  std::string_view raw_ = "null";
};

struct Member {
  View key;  ///< a string
  View value;

  bool is(std::string_view name) const { return key.is_string(name); }
};

/// Items that stand in brackets; `take` takes the first one, and the comma behind it, off a text that is not
/// used up.
template <class Item, Item (*take)(std::string_view& rest)>
class Sequence {
 public:
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Item;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { read(); }
    const Item& operator*() const { return item_; }
    const Item* operator->() const { return &item_; }
    Iterator& operator++() {
      read();
      return *this;
    }
    void operator++(int) { read(); }
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    void read() {
      at_end_ = rest_.empty();
      if (!at_end_) item_ = take(rest_);
    }
    std::string_view rest_;  // behind the current item and white space
    Item item_;
    bool at_end_ = true;
  };

  explicit Sequence(std::string_view inside) : inside_(inside) {}
  Iterator begin() const { return Iterator(inside_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view inside_;  // begins with an item, or is empty
};

class View::Members : public Sequence<Member, &View::take_member> {
  using Sequence::Sequence;
};
class View::Elements : public Sequence<View, &View::take_element> {
  using Sequence::Sequence;
};

/// What becomes of a member or an element that is written again.
enum class Rewrite : std::uint8_t {
  kKeep,      ///< as it stands there
  kDrop,      ///< it is left out
  kReplaced,  ///< what was appended to `out` is its value now
};

/// Appends `object` to `out`, member by member; white space between them is left out, keys and the values
/// that are kept stay as they are. `visit(const Member&, std::string& out)` says what becomes of each, and
/// appends nothing unless it answers kReplaced.
template <class Visit>
void rewrite_object(View object, std::string& out, Visit visit) {
  out += '{';
  bool is_first = true;
  for (const Member& member : object.members()) {
    const std::size_t before = out.size();
    if (!is_first) out += ',';
    out.append(member.key.raw()) += ':';
    const Rewrite done = visit(member, out);
    if (done == Rewrite::kKeep) out.append(member.value.raw());
    if (done == Rewrite::kDrop) out.resize(before);
    is_first &= done == Rewrite::kDrop;
  }
  out += '}';
}

/// The same of an array: `visit(View element, std::string& out)`.
template <class Visit>
void rewrite_array(View array, std::string& out, Visit visit) {
  out += '[';
  bool is_first = true;
  for (const View element : array.elements()) {
    const std::size_t before = out.size();
    if (!is_first) out += ',';
    const Rewrite done = visit(element, out);
    if (done == Rewrite::kKeep) out.append(element.raw());
    if (done == Rewrite::kDrop) out.resize(before);
    is_first &= done == Rewrite::kDrop;
  }
  out += ']';
}

}  // namespace archestra::providers::json
