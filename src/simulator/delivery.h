// One response on its way to the client: head, framing, pace, and what goes wrong on purpose. Lives for
// one call, on the stream's loop. Where nothing is asked for, each event is one write, and head and
// body of a JSON answer are one write together.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/head.h"
#include "http_io/outbox.h"
#include "http_io/server.h"
#include "net/stream.h"
#include "net/task.h"
#include "simulator/behaviour.h"
#include "simulator/body_source.h"
#include "simulator/journal.h"

namespace archestra::simulator {

/// What positions of faults count in this body.
enum class Unit : std::uint8_t { kEvents, kBytes };

/// A response without its body. Views outlive the delivery.
struct ResponseStart {
  int status = 200;
  std::string_view content_type;
  std::string_view fields;  ///< further field lines with CRLF
  Framing framing = Framing::kLength;
  std::uint64_t length = 0;  ///< of the body, for kLength
  Unit unit = Unit::kBytes;
  std::optional<std::uint64_t> end_after = {};  ///< pieces of the body; the rest is left out
};

class Delivery {
 public:
  /// Both outlive it.
  Delivery(const http_io::ServerRequest& request, const Behaviour& behaviour)
      : request_(request), stream_(request.connection.stream()), behaviour_(behaviour) {}

  /// Sends the response. kClose where the connection must end with it.
  net::Task<http_io::Persistence> send(const ResponseStart& start, BodySource& body);
  /// Sends bytes as they are.
  net::Task<bool> send_raw(std::string_view bytes);
  /// Waits. False where the client left or the server is stopping.
  net::Task<bool> pause(base::Duration duration) { return pause_until(base::monotonic_now() + duration); }
  net::Task<bool> pause_until(base::MonotonicTime until);

  /// From now on it is noted how long after `received` each piece of the body has been handed to the socket.
  void note_times(base::MonotonicTime received) { received_ = received; }
  SentTimes take_times() { return std::move(times_); }

  std::uint64_t events() const { return events_; }  ///< writes of body pieces so far
  std::uint64_t bytes() const { return bytes_; }    ///< sent so far, framing included
  bool client_closed() const { return client_closed_; }
  bool whole() const { return whole_; }  ///< all that there was to send was handed to the socket

 private:
  static constexpr std::uint64_t kNoMark = std::numeric_limits<std::uint64_t>::max();

  void begin(const ResponseStart& start);
  void add(std::string_view bytes);
  bool has_pending() const { return !box_.empty() || !dribbling_.empty(); }
  net::Task<bool> send_piece(Piece piece, Unit unit);
  net::Task<bool> keep_pace();
  void note_sent(Pace pace);
  void frame(std::string_view text);
  void end_body();
  net::Task<bool> on_mark();
  std::uint64_t next_mark() const;
  bool try_flush();
  net::Task<bool> flush();
  net::Task<bool> dribble();

  const http_io::ServerRequest& request_;
  net::Stream& stream_;
  const Behaviour& behaviour_;
  Framing framing_ = Framing::kLength;
  bool must_close_ = false;
  bool paced_ = false;
  bool stalled_ = false;
  bool client_closed_ = false;
  bool whole_ = false;
  std::uint64_t done_ = 0;  // units of the body
  std::uint64_t mark_ = kNoMark;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  base::MonotonicTime token_due_{};
  std::optional<base::MonotonicTime> received_;  // none: times are not noted
  SentTimes times_;
  std::string head_;
  std::string dribbling_;  // what waits to be sent in small pieces
  std::array<char, 20> chunk_size_;
  http_io::Outbox box_;
};

}  // namespace archestra::simulator
