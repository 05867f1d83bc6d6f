#include "providers/content.h"

#include <gtest/gtest.h>

#include "providers/test_content.h"

namespace archestra::providers {
namespace {

using json::View;
using Kind = ContentPart::Kind;

View view(std::string_view text) { return *View::parse(text); }

TEST(ContentList, ForgetsTheFirstOfARequest) {
  ContentList list({.text_bytes_max = 100, .bytes_max = 1000});
  for (int i = 0; i < 50; ++i) {
    list.begin_message("user");
    list.add({.text = std::to_string(i)});
  }
  EXPECT_EQ(list.messages().back().parts[0].text, "49");
  EXPECT_EQ(list.left_out() + list.messages().size(), 50U);
  EXPECT_LE(list.messages().size() * ContentList::kPartBytes, 2000U);
}

TEST(ContentList, ForgetsTheFirstPartsOfOneMessage) {
  ContentList list({.text_bytes_max = 100, .bytes_max = 1000});
  list.begin_message("user");
  for (int i = 0; i < 50; ++i) list.add({.text = std::to_string(i)});
  ASSERT_EQ(list.messages().size(), 1U);
  EXPECT_EQ(list.messages()[0].parts.back().text, "49");
  EXPECT_EQ(list.messages()[0].parts_left_out + list.messages()[0].parts.size(), 50U);
  EXPECT_LT(list.messages()[0].parts.size(), 10U);
}

TEST(ContentList, ForgetsMessagesWithoutParts) {
  ContentList list({.text_bytes_max = 100, .bytes_max = 1000});
  for (std::size_t i = 0; i < 3 * ContentList::kMessagesMax; ++i) list.begin_message("user");
  EXPECT_LE(list.messages().size(), ContentList::kMessagesMax);
  EXPECT_EQ(list.left_out() + list.messages().size(), 3 * ContentList::kMessagesMax);
}

TEST(ContentList, KeepsTheFirstOfAResponse) {
  ContentList list({.text_bytes_max = 10, .bytes_max = 1000});
  ContentMessage& message = *list.choice(0);
  for (int i = 0; i < 100; ++i) list.append(*list.part(message, Kind::kText, 0), "abc");
  EXPECT_EQ(show(list), "assistant: text(abcabcabca...)\n");
  for (std::uint64_t key = 1; key < 50; ++key) {
    ContentPart* const part = list.part(message, Kind::kText, key);
    if (part != nullptr) list.append(*part, "d");
  }
  EXPECT_LE(message.parts.size(), 4U);
  EXPECT_EQ(message.parts.size() + message.parts_left_out, 50U);
}

TEST(ContentList, HasAnEndOfChoices) {
  ContentList list(kRoomyBounds);
  std::size_t none = 0;
  for (std::uint64_t index = 0; index < 1000; ++index) none += list.choice(index) == nullptr ? 1 : 0;
  EXPECT_EQ(none + list.messages().size(), 1000U);
  EXPECT_LE(list.messages().size(), 128U);
}

TEST(ContentList, CutsNoCharacterInTwo) {
  for (std::size_t size = 0; size < 12; ++size) {
    ContentList list({.text_bytes_max = size, .bytes_max = 10000});
    const std::string_view text = "\xF0\x9F\x98\x80\xC3\xA4\xE2\x82\xAC";
    list.begin_message("user");
    list.add_text(Kind::kText, view("\"" + std::string(text) + "\""));
    list.add_text(Kind::kText, view(R"("\ud83d\ude00\u00e4\u20ac")"));
    const std::size_t whole = size < 4 ? 0 : size < 6 ? 4 : size < 9 ? 6 : 9;
    for (const ContentPart& part : list.messages()[0].parts) {
      EXPECT_EQ(part.text, text.substr(0, whole));
      EXPECT_EQ(part.is_cut, whole < 9);
    }
    ContentPart& answer = *list.part(*list.choice(5), Kind::kText, 0);
    list.append(answer, text);
    EXPECT_EQ(answer.text, text.substr(0, whole));
  }
}

TEST(View, GivesTheBeginningOfAText) {
  const std::string json = R"("ab\n\u00e4cd")";
  EXPECT_EQ(view(json).text_up_to(100), view(json).text());
  EXPECT_EQ(view(json).text_up_to(0), "");
  EXPECT_EQ(view(json).text_up_to(3), "ab\n");
  EXPECT_EQ(view(json).text_up_to(4), "ab\n");
  EXPECT_EQ(view(json).text_up_to(5), "ab\n\xC3\xA4");
  EXPECT_EQ(view(json).text_up_to(6),
            "ab\n\xC3\xA4"
            "c");
  EXPECT_EQ(view("7").text_up_to(6), "");
}

TEST(Content, NeverHasTheBytesOfABlob) {
  const ContentPart part = media_part("image", view(R"("data:image/png;base64,AAAABBBBCCCC")"), 100);
  EXPECT_EQ(show(part), "blob(image image/png 9 )");
  EXPECT_EQ(show(media_part("image", view(R"("https://a.test/b.png")"), 100)),
            "uri(image https://a.test/b.png)");
  EXPECT_EQ(show(media_part("", view(R"("data:text/plain,abc")"), 100)), "blob(document text/plain )");
  EXPECT_EQ(show(media_part("", view(R"("data:")"), 100)), "blob(document )");
  EXPECT_EQ(show(blob_part("", "audio/wav", view(R"("AAAA")"))), "blob(audio audio/wav 3 )");
}

}  // namespace
}  // namespace archestra::providers
