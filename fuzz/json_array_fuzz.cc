// Arrays that stream: elements are the same however the bytes are cut, stay within their bound, and are those
// that simdjson's DOM finds where the input is JSON.

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "cuts.h"
#include "http/json_array.h"

namespace archestra::fuzz {
namespace {

struct Outcome {
  std::vector<std::string> elements;
  bool left_any_out = false;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const Pieces& pieces, std::size_t element_bytes_max) {
  http::JsonArrayReader reader(element_bytes_max);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    reader.feed(piece);
    while (const auto element = reader.next()) {
      ARCHESTRA_ASSERT(!element->empty() && element->size() <= element_bytes_max,
                       "an element is within its bound");
      outcome.elements.emplace_back(*element);
    }
  }
  outcome.left_any_out = reader.left_any_out();
  return outcome;
}

/// The elements of what is JSON, each printed anew.
std::vector<std::string> printed(const simdjson::dom::element& root) {
  std::vector<std::string> elements;
  simdjson::dom::array array;
  if (!root.get_array().get(array)) {
    for (const simdjson::dom::element element : array) elements.push_back(simdjson::minify(element));
  } else if (root.is_object()) {
    elements.push_back(simdjson::minify(root));
  }
  return elements;
}

void check_against_dom(std::string_view input, const Outcome& outcome) {
  static simdjson::dom::parser parser;
  static simdjson::dom::parser element_parser;
  simdjson::dom::element root;
  if (parser.parse(input.data(), input.size()).get(root)) return;
  const std::vector<std::string> expected = printed(root);
  ARCHESTRA_ASSERT(outcome.elements.size() == expected.size(), "each element is found");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    simdjson::dom::element element;
    const std::string& text = outcome.elements[i];
    ARCHESTRA_ASSERT(!element_parser.parse(text).get(element), "an element is JSON");
    ARCHESTRA_ASSERT(simdjson::minify(element) == expected[i], "and means the same");
  }
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const std::size_t element_bytes_max : {std::size_t{1}, std::size_t{16}, std::size_t{64}, size + 1}) {
    const fuzz::Outcome expected = fuzz::read(fuzz::whole(input), element_bytes_max);
    for (const std::size_t size_max : {1u, 3u, 40u})
      ARCHESTRA_ASSERT(fuzz::read(fuzz::cut(input, size_max), element_bytes_max) == expected,
                       "the cut does not matter");
    if (element_bytes_max > size) {
      ARCHESTRA_ASSERT(!expected.left_any_out, "nothing is too long");
      fuzz::check_against_dom(input, expected);
    }
  }
  return 0;
}
