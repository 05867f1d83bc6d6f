#include "api/recent_call_list.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "api/call_filter.h"
#include "api/call_json.h"
#include "base/assert.h"
#include "base/json_text.h"

namespace archestra::api {
namespace {

// What is copied at a time, while the export thread waits: some 20 us.
constexpr std::size_t kCopiedBytes = std::size_t{128} << 10;

struct CallPage {
  std::uint64_t limit = RecentCallList::kLimitDefault;
  std::uint64_t before = UINT64_MAX;

  std::optional<std::string> read(const Query& query) {
    if (auto fault = read_number(query, "limit", 1, RecentCallList::kLimitMax, limit)) return fault;
    return read_number(query, "before", 1, INT64_MAX, before);
  }
};

}  // namespace

// By pieces, so that who looks for what is rare holds up nobody.
ServiceAnswer RecentCallList::list(const Query& query) {
  if (const auto fault = query.fault({"limit", "before", "provider", "model", "agentId", "outcome", "session",
                                      "user", "run", "traceId", "blocked", "stream", "minDuration", "label"}))
    return invalid_request(*fault);
  CallPage page;
  CallFilter filter;
  if (const auto fault = page.read(query)) return invalid_request(*fault);
  if (const auto fault = filter.read(query)) return invalid_request(*fault);

  std::string body = R"({"data":[)";
  std::uint64_t found = 0;
  std::uint64_t before = page.before;
  const auto is_full = [&] { return found == page.limit || body.size() > kPageBytesMax; };
  while (!is_full()) {
    history_.copy_calls_before(before, kCopiedBytes, copied_);
    if (copied_.calls().empty()) break;
    for (const telemetry::CopiedCalls::Call& call : copied_.calls()) {
      if (is_full()) break;
      before = call.number;
      const bool is_read = telemetry::read_record(copied_.record(call), request_);
      ARCHESTRA_ASSERT(is_read, "records are kept whole");
      if (!filter.matches(request_)) continue;
      if (found++ > 0) body += ',';
      append_call(body, request_);
    }
  }
  const std::string next = is_full() && before > 1 ? fmt::format("\"{}\"", before) : std::string("null");
  const telemetry::RecentCalls::Held held = history_.held_calls();
  fmt::format_to(std::back_inserter(body),
                 R"(],"pagination":{{"limit":{},"next":{}}},"held":{},"capacity":{},"oldestAt":)", page.limit,
                 next, held.calls, telemetry::RecentCalls::kCallsMax);
  if (held.calls == 0) {
    body += "null}";
  } else {
    body += '"';
    base::append_iso_time(body, held.oldest);
    body += "\"}";
  }
  return json_answer(200, std::move(body));
}

ServiceAnswer RecentCallList::get(std::string_view id_text) {
  base::SpanId id;
  if (!base::parse_hex(id_text, id.bytes.data(), id.bytes.size()))
    return invalid_request("The id in the path is not that of a call: 16 hex digits in lower case.");
  history_.copy_call(id, copied_);
  if (copied_.calls().empty())
    return not_found("There is no call with this id, or it was so long ago that it is no longer held.");
  const bool is_read = telemetry::read_record(copied_.record(copied_.calls().front()), request_);
  ARCHESTRA_ASSERT(is_read, "records are kept whole");
  ServiceAnswer answer = json_answer(200, {});
  append_call_details(answer.body, request_);
  return answer;
}

}  // namespace archestra::api
