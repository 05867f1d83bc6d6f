#include "telemetry/otlp/export_response.h"

#include <gtest/gtest.h>

namespace archestra::telemetry::otlp {
namespace {

using std::literals::operator""sv;

TEST(ExportResponse, PartialSuccessIsReadWhateverStandsBesideIt) {
  struct Case {
    std::string_view bytes;
    std::uint64_t rejected;
    std::string_view message;
  };
  const Case cases[] = {
      {"", 0, ""},
      {"\x0a\x03\x08\x96\x01"sv, 150, ""},
      {"\x0a\x07\x08\x02\x12\x03why"sv, 2, "why"},
      {"\x0a\x07\x12\x03why\x08\x02"sv, 2, "why"},
      {"\x0a\x05\x12\x03why"sv, 0, "why"},
      // Fields of a later version, of every wire type, in front.
      {"\x18\x05\x21\0\0\0\0\0\0\0\0\x2a\x01x\x35\0\0\0\0\x0a\x04\x18\x01\x08\x07"sv, 7, ""},
      {"\x0a\x7f\x08"sv, 0, ""},          // cut off
      {"\x0a\x04\x08\x07\x23"sv, 0, ""},  // cut off
      {"<html>"sv, 0, ""},
  };
  for (const Case& c : cases) {
    const PartialSuccess partial = parse_partial_success(c.bytes);
    EXPECT_EQ(partial.rejected_items, c.rejected);
    EXPECT_EQ(partial.error_message, c.message);
  }
}

TEST(ExportResponse, OnlyFourStatusesMayBeTriedAgain) {
  for (int status = 100; status < 600; ++status)
    EXPECT_EQ(is_retryable(status), status == 429 || status == 502 || status == 503 || status == 504)
        << status;
}

}  // namespace
}  // namespace archestra::telemetry::otlp
