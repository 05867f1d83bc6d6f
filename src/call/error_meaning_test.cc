#include "call/error_meaning.h"

#include <gtest/gtest.h>

#include <set>

namespace archestra::call {
namespace {

constexpr TimeLimit kLimits[] = {TimeLimit::kConnect, TimeLimit::kFirstByte, TimeLimit::kIdle,
                                 TimeLimit::kTotal};
constexpr int kErrorCodes = static_cast<int>(base::ErrorCode::kSystem) + 1;

TEST(ErrorMeaning, EachTimeLimitHasItsOwnWordAndAllAreTimeOuts) {
  std::set<std::string_view> before_head;
  std::set<std::string_view> after_head;
  for (const TimeLimit limit : kLimits) {
    const ErrorMeaning& before = meaning_before_head(base::ErrorCode::kTimeout, limit);
    const ErrorMeaning& after = meaning_after_head(base::ErrorCode::kTimeout, limit);
    EXPECT_EQ(before.http_status, 504);
    EXPECT_EQ(before.outcome, Outcome::kUpstreamTimeout);
    EXPECT_EQ(after.outcome, Outcome::kUpstreamTimeout);
    before_head.insert(before.code);
    after_head.insert(after.code);
  }
  EXPECT_EQ(before_head.size(), std::size(kLimits));
  EXPECT_EQ(before_head, after_head);
}

TEST(ErrorMeaning, TheLimitOnlyMattersForATimeOut) {
  for (int i = 0; i < kErrorCodes; ++i) {
    const auto code = static_cast<base::ErrorCode>(i);
    if (code == base::ErrorCode::kTimeout) continue;
    for (const TimeLimit limit : kLimits) {
      EXPECT_EQ(&meaning_before_head(code, limit), &meaning_before_head(code));
      EXPECT_EQ(&meaning_after_head(code, limit), &meaning_after_head(code));
    }
  }
}

TEST(ErrorMeaning, WhateverFailsOnceTheHeadHasComeTheProviderHadBeenReached) {
  for (int i = 0; i < kErrorCodes; ++i)
    EXPECT_NE(meaning_after_head(static_cast<base::ErrorCode>(i)).outcome, Outcome::kUpstreamUnreachable);
}

TEST(ErrorMeaning, AProxyThatGivesNoConnectionLeavesTheProviderOutOfReach) {
  const ErrorMeaning& meaning = meaning_before_head(base::ErrorCode::kProxy);
  EXPECT_EQ(meaning.http_status, 502);
  EXPECT_EQ(meaning.outcome, Outcome::kUpstreamUnreachable);
  EXPECT_EQ(meaning.code, "proxy_failed");
}

TEST(ErrorMeaning, LimitsOfOursOnWhatIsDecodedAreNoFaultOfTheProvidersHttp) {
  const ErrorMeaning& too_large = meaning_after_head(base::ErrorCode::kTooLarge);
  EXPECT_EQ(too_large.code, "decoded_too_large");
  EXPECT_EQ(too_large.outcome, Outcome::kUpstreamTruncated) << "the answer breaks off";
  const ErrorMeaning& no_memory = meaning_after_head(base::ErrorCode::kOverload);
  EXPECT_EQ(no_memory.code, "overloaded");
  EXPECT_EQ(no_memory.outcome, Outcome::kRefusedOverload);
  EXPECT_EQ(meaning_after_head(base::ErrorCode::kMalformed).code, "upstream_malformed");
}

}  // namespace
}  // namespace archestra::call
