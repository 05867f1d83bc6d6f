#include "telemetry/otlp/export_response.h"

#include <gtest/gtest.h>

namespace archestra::telemetry::otlp {
namespace {

using std::literals::operator""sv;

TEST(ExportResponse, RejectedSpansAreRead) {
  EXPECT_EQ(rejected_spans(""), 0u);
  EXPECT_EQ(rejected_spans("\x0a\x03\x08\x96\x01"sv), 150u);
  EXPECT_EQ(rejected_spans("\x0a\x07\x08\x02\x12\x03why"sv), 2u);
  EXPECT_EQ(rejected_spans("\x0a\x05\x12\x03why"sv), 0u) << "a message alone is a warning";
  EXPECT_EQ(rejected_spans("\x0a\x7f\x08"sv), 0u) << "cut off";
  EXPECT_EQ(rejected_spans("<html>"sv), 0u);
}

TEST(ExportResponse, OnlyFourStatusesMayBeTriedAgain) {
  for (int status = 100; status < 600; ++status)
    EXPECT_EQ(is_retryable(status), status == 429 || status == 502 || status == 503 || status == 504) << status;
}

TEST(ExportResponse, RetryAfterInSecondsIsBelievedWithinReason) {
  EXPECT_EQ(retry_after("7"), std::chrono::seconds(7));
  for (const char* text : {"", "-1", "1.5", "7 ", "999999999999", "301", "Wed, 21 Oct 2026 07:28:00 GMT"})
    EXPECT_EQ(retry_after(text), base::Duration::zero()) << text;
}

}  // namespace
}  // namespace archestra::telemetry::otlp
