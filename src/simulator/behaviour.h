// What a call to the simulator is answered with: pace, size, faults. A value per call, made from the
// defaults (flags) and the request's own x-sim-* fields, which carry the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/head.h"

namespace archestra::simulator {

enum class Framing : std::uint8_t { kNatural, kLength, kChunked, kUntilClose };

/// In which pieces a recording's body is delivered; each piece is one write (and one chunk).
enum class Cut : std::uint8_t { kWhole, kByte, kRandom };

struct Behaviour {
  int status = 200;                         ///< 200, or the error to answer with
  base::Duration latency{};                 ///< before the head
  base::Duration latency_jitter{};          ///< at most this much more, seeded
  base::Duration first_token{};             ///< of a stream, after its head, before the first content
  base::Duration token_interval{};          ///< between the tokens of a stream; 0 writes without waiting
  std::uint32_t tokens = 20;                ///< completion tokens of an answer, for each choice
  std::size_t body_bytes = 0;               ///< pads a JSON answer to about this size
  std::optional<std::uint32_t> tool_calls;  ///< that many; nothing: tool_call_fraction decides
  double tool_call_fraction = 0;            ///< of the calls that declare tools
  double error_fraction = 0;                ///< of all calls: 429, 500 or 503
  bool usage = true;
  std::optional<std::uint64_t> as_call;  ///< as the call of that number would be: ids, words, chances

  // Faults. Positions count events of a made stream, unless bytes are asked for, and bytes of any other body.
  bool count_bytes = false;
  std::optional<std::uint32_t> error_event;  ///< an error event after so many events, then the end
  base::Duration stall{};
  std::uint64_t stall_after = 0;
  std::optional<std::uint64_t> cut_after;    ///< then close, the body unfinished
  std::optional<std::uint64_t> reset_after;  ///< then RST
  std::optional<std::uint64_t> end_after;    ///< of a made stream, in events: then the end, in good order
  std::uint32_t dribble_bytes = 0;           ///< so many bytes a write, 1 ms apart
  bool no_answer = false;                    ///< wait until the client gives up
  bool close = false;                        ///< close without a byte
  bool garbage = false;                      ///< answer with what is no HTTP
  std::optional<std::int64_t> bad_length;    ///< added to Content-Length, then close

  std::string replay;  ///< "provider/name" of a recording
  Cut cut = Cut::kWhole;
  std::uint64_t cut_seed = 0;
  Framing framing = Framing::kNatural;  ///< natural: Content-Length for JSON, chunked for streams
};

/// One thing that can be set: as `x-sim-<name>: <value>` for a call, as `--<name> <value>` for all.
struct Control {
  std::string_view name;
  std::string_view value;  ///< how help shows the value: "MS", "N"
  std::string_view help;
  bool (*set)(Behaviour&, std::string_view value);  ///< false: not acceptable, nothing was set
};

/// All of them, for the fields of a request and for the command line.
std::span<const Control> controls();
/// Sets one by name. False for an unknown name or a bad value.
bool set_control(Behaviour& behaviour, std::string_view name, std::string_view value);

/// Applies a request's x-sim-* fields (x-sim-id is only for the journal). The name of the first that is
/// unknown or has a bad value, or "": a test with a typing error should fail.
std::string_view apply_fields(Behaviour& behaviour, const http::Fields& fields);

}  // namespace archestra::simulator
