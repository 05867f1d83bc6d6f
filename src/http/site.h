// A web page and its files, all in memory for as long as the process runs, and what a request for one of them
// is answered with: which file, in which coding, or that the client has it already. Constant data and pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/head.h"

namespace archestra::http {

/// How long who has a file may do without asking again.
enum class Freshness : std::uint8_t {
  kAskAgain,  ///< what is at this path may change with the next version
  kForGood,   ///< its name says what is in it: another version has another name
};

/// One file. All texts have static storage.
struct SiteFile {
  std::string_view path;  ///< "/assets/index-4f2a.js"; "/" is the page
  std::string_view content_type;
  std::string_view content;
  std::string_view gzip;  ///< the same in gzip; "" where that would save nothing
  std::string_view etag;  ///< of `content`, a hash without quotes
  Freshness freshness = Freshness::kAskAgain;
};

/// Files sorted by path, with a page among them; the empty site has none.
using Site = std::span<const SiteFile>;

/// The file for a path. Paths that are no file's are places within the page, where the client wants HTML,
/// which programs do not: they shall learn that nothing is there. Null for nothing.
const SiteFile* find_file(Site site, std::string_view path, const Fields& fields);

/// How the path of `file` appears in records: "/" for the page, "/assets/*" for what is in that folder, else
/// the path.
std::string_view template_of(const SiteFile& file);

/// What to answer a GET or HEAD with.
struct SiteAnswer {
  int status = 200;            ///< 304 where the client's copy is still right (RFC 9110 section 13.1.2)
  std::string_view body = {};  ///< none with 304
  bool is_gzip = false;        ///< `body` is `file.gzip`
};
SiteAnswer answer_file(const SiteFile& file, const Fields& fields);

}  // namespace archestra::http
