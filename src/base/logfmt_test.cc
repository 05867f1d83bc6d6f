#include "base/logfmt.h"

#include <gtest/gtest.h>

namespace archestra::base {
namespace {

std::string text_of(std::string_view text) {
  std::string out;
  append_logfmt_text(out, text);
  return out;
}

TEST(Logfmt, PlainValuesStandAsTheyAre) {
  EXPECT_EQ(text_of("completed"), "completed");
  EXPECT_EQ(text_of("/v1/openai/:agentId/*"), "/v1/openai/:agentId/*");
  EXPECT_EQ(text_of("2026-01-31T12:00:00.123456Z"), "2026-01-31T12:00:00.123456Z");
}

TEST(Logfmt, WhatWouldBeMisreadIsQuoted) {
  EXPECT_EQ(text_of(""), "\"\"");
  EXPECT_EQ(text_of("llm call"), "\"llm call\"");
  EXPECT_EQ(text_of("a=b"), "\"a=b\"");
  EXPECT_EQ(text_of("say \"hi\""), R"("say \"hi\"")");
  EXPECT_EQ(text_of("a\\b"), R"("a\\b")");
  EXPECT_EQ(text_of("one\ntwo"), R"("one\ntwo")");
  EXPECT_EQ(text_of("\xc3\xa9t\xc3\xa9"), "\"\xc3\xa9t\xc3\xa9\"");
  EXPECT_EQ(text_of("bad\xff"), "\"bad\xef\xbf\xbd\"");
}

TEST(Logfmt, AKeyCannotEndEarly) {
  std::string out;
  append_logfmt_key(out, "cost center=\"x\"\n");
  EXPECT_EQ(out, "cost_center__x__");
  out.clear();
  append_logfmt_key(out, "\xc3\xa9\x7f\xff\xc3");
  EXPECT_EQ(out, "\xc3\xa9___") << "what is no UTF-8 is nobody's key";
}

}  // namespace
}  // namespace archestra::base
