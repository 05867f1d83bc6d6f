// Request and response heads: the outcome is the same however the bytes are cut, what is parsed keeps the
// parser's promises, and a head written out again parses to itself.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "cuts.h"
#include "http/body_framing.h"
#include "http/head_parser.h"
#include "http/head_writer.h"

namespace archestra::fuzz {
namespace {

using http::Field;
using http::Fields;
using http::HeadWriter;

// Small enough that inputs of a few hundred bytes reach them.
constexpr http::HeadLimits kLimits{.head_bytes_max = 1024, .line_bytes_max = 256};

struct Outcome {
  std::size_t size = 0;
  int error = 0;
  base::ErrorCode code{};
  bool operator==(const Outcome&) const = default;
};

bool same(const Fields& a, const Fields& b) {
  return std::ranges::equal(a, b, [](const Field& x, const Field& y) {
    return x.name == y.name && x.value == y.value && x.id == y.id;
  });
}

struct Request {
  using Head = http::RequestHead;
  static constexpr auto parse = http::parse_request_head;
  static bool same_start(const Head& a, const Head& b) {
    return a.method == b.method && a.target == b.target && a.minor_version == b.minor_version;
  }
  static void write_start(const Head& head, HeadWriter& out) {
    out.text(head.method).text(" ").text(head.target);
    out.text(head.minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  }
  static auto framing(const Head& head) { return http::request_framing(head); }
};

struct Response {
  using Head = http::ResponseHead;
  static constexpr auto parse = http::parse_response_head;
  static bool same_start(const Head& a, const Head& b) {
    return a.status == b.status && a.reason == b.reason && a.minor_version == b.minor_version;
  }
  static void write_start(const Head& head, HeadWriter& out) {
    out.text(head.minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        .number(static_cast<std::uint64_t>(head.status));
    out.text(" ").text(head.reason).text("\r\n");
  }
  static auto framing(const Head& head) { return http::response_framing(head, http::AnswerTo::kOther); }
};

/// Parses bytes that arrive in pieces. `so_far` holds what the head's views point into.
template <class Kind>
Outcome parse(const Pieces& pieces, std::string& so_far, typename Kind::Head& head) {
  http::HeadProgress progress;
  for (const std::string_view piece : pieces) {
    so_far += piece;
    const auto size = Kind::parse(so_far, kLimits, progress, head);
    if (!size) return {0, size.error().detail, size.error().code};
    if (*size != 0) return {*size, 0, {}};
  }
  return {};
}

void check_promises(const Fields& fields) {
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  for (const Field& field : fields) {
    ARCHESTRA_ASSERT(!field.name.empty() && field.name.find_first_of(" \t:\r\n") == std::string_view::npos,
                     "a name is a token");
    ARCHESTRA_ASSERT(std::ranges::none_of(field.value, is_control), "a value has no controls");
    ARCHESTRA_ASSERT(field.value.empty() || (!is_blank(field.value.front()) && !is_blank(field.value.back())),
                     "a value is trimmed");
    ARCHESTRA_ASSERT(field.id == http::header_id(field.name), "an id is the name's");
  }
}

template <class Kind>
void check(std::string_view input) {
  static typename Kind::Head head, other;  // some kilobytes each
  std::string bytes;
  const Outcome outcome = parse<Kind>(whole(input), bytes, head);
  for (const std::size_t size_max : {1u, 40u}) {
    std::string so_far;
    ARCHESTRA_ASSERT(parse<Kind>(cut(input, size_max), so_far, other) == outcome, "the cut does not matter");
    ARCHESTRA_ASSERT(outcome.size == 0 || (Kind::same_start(head, other) && same(head.fields, other.fields)),
                     "the head does not depend on the cut");
  }
  if (outcome.size == 0) return;
  check_promises(head.fields);
  const auto framing = Kind::framing(head);
  if (framing && framing->kind == http::BodyKind::kChunked)
    ARCHESTRA_ASSERT(!head.fields.has(http::HeaderId::kContentLength), "one kind of framing");

  std::array<char, 4096> buffer;
  HeadWriter writer(buffer);
  Kind::write_start(head, writer);
  for (const Field& field : head.fields) writer.field(field.name, field.value);
  writer.end();
  ARCHESTRA_ASSERT(writer.ok(), "a parsed head fits");
  http::HeadProgress progress;
  const auto again = Kind::parse(writer.written(), {}, progress, other);
  ARCHESTRA_ASSERT(again && *again == writer.written().size(), "a written head is a head");
  ARCHESTRA_ASSERT(Kind::same_start(head, other) && same(head.fields, other.fields), "and the same one");
}

}  // namespace
}  // namespace archestra::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  archestra::fuzz::check<archestra::fuzz::Request>(input);
  archestra::fuzz::check<archestra::fuzz::Response>(input);
  return 0;
}
