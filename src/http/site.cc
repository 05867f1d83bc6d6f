#include "http/site.h"

#include <algorithm>

#include "base/text.h"

namespace archestra::http {
namespace {

constexpr std::string_view kAssets = "/assets/";

// Calls `visit` for each item of the list that all fields of this name are together (RFC 9110 section 5.3),
// up to where it answers false; answers that false then.
template <class Visit>
bool for_each_value(const Fields& fields, std::string_view name, Visit visit) {
  return std::ranges::all_of(fields, [&](const Field& field) {
    return !equals_ignoring_case(field.name, name) || base::for_each_item(field.value, visit);
  });
}

// "text/html;q=0.9" without what stands behind the name; false in `is_wanted` where its weight is zero (RFC
// 9110 section 12.4.2).
struct Weighed {
  std::string_view name;
  bool is_wanted = true;
};

Weighed weighed(std::string_view item) {
  const std::size_t semicolon = std::min(item.find(';'), item.size());
  const std::string_view weight = base::trimmed(item.substr(std::min(semicolon + 1, item.size())));
  const bool is_zero = weight.size() >= 3 && base::lower_case(weight[0]) == 'q' && weight[1] == '=' &&
                       weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
  return {.name = base::trimmed(item.substr(0, semicolon)), .is_wanted = !is_zero};
}

bool wants_html(const Fields& fields) {
  return !for_each_value(fields, "accept", [](std::string_view item) {
    const auto [name, is_wanted] = weighed(item);
    return !is_wanted || !equals_ignoring_case(name, "text/html");
  });
}

// What is not named is not taken to be wanted, though it might be: the file itself is always right.
bool takes_gzip(const Fields& fields) {
  return !for_each_value(fields, "accept-encoding", [](std::string_view item) {
    const auto [name, is_wanted] = weighed(item);
    return !is_wanted || !equals_ignoring_case(name, "gzip");
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
  if (!file.gzip.empty() && takes_gzip(fields)) return {.body = file.gzip, .is_gzip = true};
  return {.body = file.content};
}

}  // namespace archestra::http
