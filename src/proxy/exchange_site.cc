// The web UI: files that are part of the program, for everybody. What they show comes from the platform API,
// which asks who wants to know.
#include <string>

#include "http/site.h"
#include "proxy/exchange.h"

namespace archestra::proxy {
namespace {

// Nothing but what this server has sent may run, load or be asked by the page, nobody may frame it, and
// nobody else gets to know where in it somebody was. No style may stand in the page's HTML either: what is
// set by scripts is not HTML.
constexpr std::string_view kSecurityFields =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Vary: Accept, Accept-Encoding\r\n";

}  // namespace

net::Task<void> Exchange::serve_file(const http::SiteFile& file) {
  const http::SiteAnswer answer = http::answer_file(file, heads_.request.fields);
  std::string fields(kSecurityFields);
  fields.append("ETag: \"").append(file.etag).append("\"\r\n");
  fields.append("Cache-Control: ")
      .append(file.freshness == http::Freshness::kForGood ? "public, max-age=31536000, immutable"
                                                          : "no-cache")
      .append("\r\n");
  if (answer.is_gzip) fields.append("Content-Encoding: gzip\r\n");
  co_await reply({.status = answer.status,
                  .body = answer.body,
                  .content_type = file.content_type,
                  .extra_fields = fields});
}

}  // namespace archestra::proxy
