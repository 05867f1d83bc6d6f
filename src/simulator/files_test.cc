// Uploaded files: the forms they come in, and how many are kept.
#include "simulator/files.h"

#include <gtest/gtest.h>

#include "simulator/multipart.h"

namespace archestra::simulator {
namespace {

TEST(MultipartTest, FindsTheBoundary) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("multipart/form-data; charset=utf-8; boundary=\"a b\""), "a b");
  EXPECT_EQ(form_boundary("application/json; boundary=abc"), "");
  EXPECT_EQ(form_boundary("multipart/form-data"), "");
  EXPECT_EQ(form_boundary(""), "");
}

TEST(MultipartTest, FindsPartsByTheirName) {
  const std::string_view body =
      "preamble\r\n--B\r\ncontent-disposition: form-data; filename=\"n\"; name=\"file\"\r\n"
      "content-type: a/b\r\n\r\nfirst\r\n--B\r\n"
      "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--B--\r\n";
  const auto file = form_part(body, "B", "file");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->content, "first");
  EXPECT_EQ(file->file_name, "n");
  EXPECT_EQ(file->content_type, "a/b");
  const auto empty = form_part(body, "B", "empty");
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->content, "");
  EXPECT_EQ(empty->file_name, "");
  EXPECT_FALSE(form_part(body, "B", "n").has_value());
  EXPECT_FALSE(form_part(body, "C", "file").has_value());
  EXPECT_FALSE(form_part(body, "", "file").has_value());
}

TEST(MultipartTest, WhatBreaksOffHasNoLastPart) {
  const std::string_view body =
      "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\n"
      "content-disposition: form-data; name=\"b\"\r\n\r\n2\r\n--B--";
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto last = form_part(body.substr(0, size), "B", "b");
    EXPECT_EQ(last.has_value(), size + 2 >= body.size()) << size;
  }
}

TEST(FilesTest, TheOldestGoFirst) {
  Files files;
  for (int i = 0; i < 150; ++i)
    files.add({.id = std::to_string(i), .name = {}, .content_type = {}, .purpose = {}, .content = "x"});
  EXPECT_EQ(files.all().size(), 100u);
  EXPECT_EQ(files.find("49"), nullptr);
  ASSERT_NE(files.find("50"), nullptr);
  EXPECT_TRUE(files.remove("50"));
  EXPECT_FALSE(files.remove("50"));
  EXPECT_EQ(files.find("50"), nullptr);
}

}  // namespace
}  // namespace archestra::simulator
