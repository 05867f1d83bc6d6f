#include "http/site.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace archestra::http {
namespace {

constexpr SiteFile kFiles[] = {
    {.path = "/", .content_type = "text/html", .content = "<!doctype html>", .gzip = "", .etag = "11aa"},
    {.path = "/assets/a.js",
     .content_type = "text/javascript",
     .content = "let a",
     .gzip = "zipped",
     .etag = "22bb"},
    {.path = "/favicon.svg",
     .content_type = "image/svg+xml",
     .content = "<svg/>",
     .gzip = "",
     .etag = "33cc"},
};
constexpr std::string_view kBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

Fields fields(std::initializer_list<Field> list) {
  Fields out;
  for (const Field& field : list) EXPECT_TRUE(out.try_add(field));
  return out;
}

std::string_view found(std::string_view path, std::string_view accept = "*/*") {
  const SiteFile* file = find_file(kFiles, path, fields({{"Accept", accept}}));
  return file == nullptr ? "nothing" : file->path;
}

TEST(Site, HasItsFilesForEverybody) {
  EXPECT_EQ(found("/"), "/");
  EXPECT_EQ(found("/assets/a.js"), "/assets/a.js");
  EXPECT_EQ(found("/favicon.svg", kBrowser), "/favicon.svg");
}

TEST(Site, IsThePageForPlacesInItWhereHtmlIsWanted) {
  EXPECT_EQ(found("/agents/42", kBrowser), "/");
  EXPECT_EQ(found("/agents/42", "TEXT/HTML"), "/");
  EXPECT_EQ(found("/agents/42", "application/json"), "nothing");
  EXPECT_EQ(found("/agents/42", "*/*"), "nothing");
  EXPECT_EQ(found("/agents/42", "text/html;q=0, application/json"), "nothing");
  EXPECT_EQ(found("/assets/gone.js", kBrowser), "nothing") << "a page in place of a script helps nobody";
}

TEST(Site, WithoutFilesIsNothing) { EXPECT_EQ(find_file({}, "/", fields({{"Accept", kBrowser}})), nullptr); }

TEST(Site, NamesPathsForRecords) {
  EXPECT_EQ(template_of(kFiles[0]), "/");
  EXPECT_EQ(template_of(kFiles[1]), "/assets/*");
  EXPECT_EQ(template_of(kFiles[2]), "/favicon.svg");
}

TEST(Site, IsCompressedForThoseWhoTakeIt) {
  const auto body = [](std::string_view accepted) {
    return answer_file(kFiles[1], fields({{"accept-encoding", accepted}})).body;
  };
  EXPECT_EQ(body("gzip, deflate, br"), "zipped");
  EXPECT_EQ(body("br;q=1.0, GZIP;q=0.5"), "zipped");
  EXPECT_EQ(body("gzip;q=0"), "let a");
  EXPECT_EQ(body("gzip; q=0.000"), "let a");
  EXPECT_EQ(body(""), "let a");
  EXPECT_TRUE(answer_file(kFiles[1], fields({{"Accept-Encoding", "gzip"}})).is_gzip);
  EXPECT_FALSE(answer_file(kFiles[0], fields({{"Accept-Encoding", "gzip"}})).is_gzip);
}

TEST(Site, IsNotSentToThoseWhoHaveIt) {
  const auto status = [](std::string_view tags) {
    return answer_file(kFiles[1], fields({{"If-None-Match", tags}})).status;
  };
  EXPECT_EQ(status("\"22bb\""), 304);
  EXPECT_EQ(status("\"x\", W/\"22bb\""), 304);
  EXPECT_EQ(status("*"), 304);
  EXPECT_EQ(status("\"22b\""), 200);
  EXPECT_EQ(status("22bb"), 200);
  EXPECT_EQ(status("\"11aa\""), 200);
  EXPECT_EQ(answer_file(kFiles[1], fields({{"If-None-Match", "\"22bb\""}})).body, "");
}

}  // namespace
}  // namespace archestra::http
