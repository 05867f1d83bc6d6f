// For tests: a dialect that is asked without a server around it, and what it answers, read by simdjson.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"
#include "simulator/dialect.h"

namespace archestra::simulator {

class DialectTest : public testing::Test {
 protected:
  using Element = simdjson::dom::element;
  using Lookup = simdjson::simdjson_result<Element>;

  /// Whole pieces of a stream; a body is one piece.
  struct Told {
    Reply reply;
    std::vector<std::string> pieces;

    std::string text() const {
      std::string all;
      for (const std::string& piece : pieces) all += piece;
      return all;
    }
  };

  /// Adds a field to the calls that follow. Views outlive the test.
  void with(std::string_view name, std::string_view value) { fields.try_add({.name = name, .value = value}); }

  Told ask(Dialect& dialect, std::string_view method, std::string_view target, std::string_view body = {}) {
    base::Random random(call_number);
    const DialectRequest request = request_for(random, method, target, body);
    EXPECT_TRUE(dialect.speaks(request)) << method << ' ' << target;
    Told told{.reply = dialect.answer(request), .pieces = {}};
    if (told.reply.stream == nullptr) {
      told.pieces.push_back(told.reply.body);
      return told;
    }
    told.pieces = pieces_of(*told.reply.stream);
    return told;
  }

  DialectRequest request_for(base::Random& random, std::string_view method, std::string_view target,
                             std::string_view body) const {
    const std::size_t mark = target.find('?');
    const bool has_query = mark != std::string_view::npos;
    return {.method = method,
            .path = target.substr(0, mark),
            .query = has_query ? target.substr(mark + 1) : std::string_view(),
            .fields = fields,
            .body = body,
            .behaviour = behaviour,
            .random = random,
            .seed = 1,
            .prose = prose};
  }

  static std::vector<std::string> pieces_of(BodySource& source) {
    std::vector<std::string> pieces;
    while (true) {
      const Piece piece = source.next();
      pieces.emplace_back(piece.text);
      if (piece.last) return pieces;
    }
  }

  /// Valid until the next call.
  Element parse(std::string_view json) {
    Element element;
    EXPECT_EQ(parser.parse(json.data(), json.size()).get(element), simdjson::SUCCESS) << json;
    return element;
  }
  Element data(std::string_view event) {
    EXPECT_TRUE(event.ends_with("\n\n") || event.ends_with("\r\n\r\n")) << event;
    std::string scratch;
    return parse(http::sse_data(event, scratch).value_or(""));
  }
  static std::string text(Lookup element) {
    std::string_view value;
    return element.get(value) == simdjson::SUCCESS ? std::string(value) : "(no text)";
  }
  static std::uint64_t number(Lookup element) {
    std::uint64_t value = 0;
    EXPECT_EQ(element.get(value), simdjson::SUCCESS);
    return value;
  }

  Behaviour behaviour;
  std::uint64_t call_number = 7;
  http::Fields fields;
  const Prose prose{1};
  simdjson::dom::parser parser;
};

}  // namespace archestra::simulator
