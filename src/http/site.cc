#include "http/site.h"

#include <algorithm>

#include "http/accept_encoding.h"
#include "http/weighed_list.h"

namespace archestra::http {
namespace {

constexpr std::string_view kAssets = "/assets/";

bool wants_html(const Fields& fields) {
  return !for_each_value(fields, "accept", [](std::string_view item) {
    const auto [name, thousandths] = weighed(item);
    return thousandths == 0 || !equals_ignoring_case(name, "text/html");
  });
}

bool has_current(const SiteFile& file, const Fields& fields) {
  return !for_each_value(fields, "if-none-match", [&](std::string_view tag) {
    if (tag == "*") return false;
    if (tag.starts_with("W/")) tag.remove_prefix(2);  // weak comparison (RFC 9110 section 8.8.3.2)
    return tag.size() != file.etag.size() + 2 || tag.substr(1, file.etag.size()) != file.etag;
  });
}

const SiteFile* find_exact(Site site, std::string_view path) {
  const auto found = std::ranges::lower_bound(site, path, {}, &SiteFile::path);
  return found != site.end() && found->path == path ? &*found : nullptr;
}

}  // namespace

const SiteFile* find_file(Site site, std::string_view path, const Fields& fields) {
  if (const SiteFile* file = find_exact(site, path)) return file;
  if (path.starts_with(kAssets) || !wants_html(fields)) return nullptr;
  return find_exact(site, "/");
}

std::string_view template_of(const SiteFile& file) {
  return file.path.starts_with(kAssets) ? "/assets/*" : file.path;
}

SiteAnswer answer_file(const SiteFile& file, const Fields& fields) {
  if (has_current(file, fields)) return {.status = 304};
  if (!file.gzip.empty() && prefers_gzip(fields)) return {.body = file.gzip, .is_gzip = true};
  return {.body = file.content};
}

}  // namespace archestra::http
