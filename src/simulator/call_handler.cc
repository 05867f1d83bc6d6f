#include "simulator/call_handler.h"

#include <string>
#include <utility>

#include "simulator/anthropic_dialect.h"
#include "simulator/gemini_dialect.h"
#include "simulator/openai_dialect.h"

namespace archestra::simulator {
namespace {

using http_io::Persistence;
using namespace std::string_view_literals;

constexpr std::string_view kJournalPath = "/sim/calls";
constexpr std::string_view kGarbage = "\x16\x03\x01\0 this is not HTTP\r\n\r\n"sv;
constexpr base::Duration kJournalTimeout = std::chrono::seconds(30);

// The seed of call number `call`: the same calls in the same order get the same answers.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t call) { return seed + call * 0x9e3779b97f4a7c15u; }

int seeded_error(base::Random& random) {
  constexpr int kStatuses[] = {429, 500, 503};
  return kStatuses[random.below(std::size(kStatuses))];
}

Framing framing_or(Framing asked, Framing natural) { return asked == Framing::kNatural ? natural : asked; }

}  // namespace

CallHandler::CallHandler(const SimulatorOptions& options, std::optional<Recordings> recordings)
    : options_(options),
      recordings_(std::move(recordings)),
      prose_(options.seed),
      dialects_{make_gemini_dialect(), make_anthropic_dialect(), make_openai_dialect()},
      journal_(options.journal_calls_max, options.journal_file) {}

net::Task<Persistence> CallHandler::serve(http_io::ServerRequest& request) {
  if (request.head.path() == kJournalPath) co_return co_await serve_journal(request);
  Behaviour behaviour = options_.behaviour;
  const std::string_view bad_field = apply_fields(behaviour, request.head.fields);
  const std::uint64_t sequence = journal_.begin(request.head, request.body);
  CallEnd end;
  const Persistence persistence = co_await answer(request, behaviour, bad_field, end);
  journal_.end(sequence, std::move(end));
  co_return persistence;
}

net::Task<Persistence> CallHandler::serve_journal(http_io::ServerRequest& request) {
  std::string body;
  int status = 200;
  if (request.head.method == "GET") {
    const std::string_view query = request.head.query();
    body = journal_.json(query.starts_with("id=") ? query.substr(3) : std::string_view());
  } else if (request.head.method == "DELETE") {
    journal_.clear();
    body = "{}\n";
  } else {
    status = 405;
    body = "{\"error\":\"GET or DELETE\"}\n";
  }
  co_return co_await http_io::send_answer(request, {.status = status, .body = body}, kJournalTimeout);
}

net::Task<Persistence> CallHandler::answer(http_io::ServerRequest& request, const Behaviour& behaviour,
                                           std::string_view bad_field, CallEnd& end) {
  const std::uint64_t number = calls_++;
  base::Random random(mixed(options_.seed, behaviour.as_call.value_or(number)));
  Delivery delivery(request, behaviour);
  if (journal_.remembers()) delivery.note_times(base::monotonic_now());
  const auto jitter = static_cast<double>(behaviour.latency_jitter.count()) * random.unit();
  const base::Duration latency = behaviour.latency + base::Duration(static_cast<std::int64_t>(jitter));
  Persistence persistence = Persistence::kClose;
  const bool still_there = latency == base::Duration::zero() || co_await delivery.pause(latency);
  if (!still_there || behaviour.close) {
    // Closing without a word is what was asked for.
  } else if (behaviour.no_answer) {
    co_await delivery.pause_until(base::kNever);
  } else if (behaviour.garbage) {
    co_await delivery.send_raw(kGarbage);
  } else {
    const DialectRequest call{.method = request.head.method,
                              .path = request.head.path(),
                              .query = request.head.query(),
                              .fields = request.head.fields,
                              .body = request.body,
                              .behaviour = behaviour,
                              .random = random,
                              .seed = options_.seed,
                              .prose = prose_};
    persistence = co_await respond(delivery, dialect_of(call), call, bad_field, end);
  }
  end.events = delivery.events();
  end.bytes = delivery.bytes();
  end.client_closed = delivery.client_closed();
  end.whole = delivery.whole();
  end.sent = delivery.take_times();
  co_return persistence;
}

Reply CallHandler::make_reply(Dialect& dialect, const DialectRequest& call, std::string_view bad_field) {
  const Behaviour& behaviour = call.behaviour;
  if (!bad_field.empty())
    return dialect.error(400, "unknown simulator field, or a bad value: " + std::string(bad_field), call);
  if (!behaviour.replay.empty()) return dialect.error(404, "there is no recording " + behaviour.replay, call);
  if (behaviour.status != 200) return dialect.error(behaviour.status, {}, call);
  if (behaviour.error_fraction > 0 && call.random.unit() < behaviour.error_fraction)
    return dialect.error(seeded_error(call.random), {}, call);
  return dialect.answer(call);
}

net::Task<Persistence> CallHandler::respond(Delivery& delivery, Dialect& dialect, const DialectRequest& call,
                                            std::string_view bad_field, CallEnd& end) {
  const Recording* const recording = recordings_ ? recordings_->find(call.behaviour.replay) : nullptr;
  if (recording != nullptr && bad_field.empty())
    co_return co_await replay(delivery, *recording, call.behaviour, end);
  const Reply reply = make_reply(dialect, call, bad_field);
  ResponseStart start{.status = reply.status, .content_type = reply.content_type, .fields = reply.fields};
  end.status = reply.status;
  end.stream = reply.stream != nullptr;
  end.usage = reply.usage;
  if (reply.stream != nullptr) {
    // A made stream has no length to announce.
    const Framing asked =
        call.behaviour.framing == Framing::kLength ? Framing::kNatural : call.behaviour.framing;
    start.framing = framing_or(asked, Framing::kChunked);
    start.unit = call.behaviour.count_bytes ? Unit::kBytes : Unit::kEvents;
    start.end_after = call.behaviour.end_after;
    co_return co_await delivery.send(start, *reply.stream);
  }
  start.framing = framing_or(call.behaviour.framing, Framing::kLength);
  start.length = reply.body.size();
  WholeText body(reply.body);
  co_return co_await delivery.send(start, body);
}

net::Task<Persistence> CallHandler::replay(Delivery& delivery, const Recording& recording,
                                           const Behaviour& behaviour, CallEnd& end) {
  RecordedBody body(recording.body, behaviour.cut, behaviour.cut_seed);
  end.status = recording.status;
  end.stream = recording.is_stream;
  co_return co_await delivery.send(
      {.status = recording.status,
       .content_type = recording.content_type,
       .fields = recording.fields,
       .framing = framing_or(behaviour.framing, recording.is_stream ? Framing::kChunked : Framing::kLength),
       .length = recording.body.size(),
       .unit = Unit::kBytes},
      body);
}

Dialect& CallHandler::dialect_of(const DialectRequest& request) {
  for (const auto& dialect : dialects_)
    if (dialect->speaks(request)) return *dialect;
  return *dialects_.back();
}

}  // namespace archestra::simulator
