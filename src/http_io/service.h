// How a request that another thread answers gets there and back: the loop that read it hands it over as a
// value, goes on with others, and is woken with the answer
// (docs/decisions/0004-how-an-api-request-reaches-the-api-thread.md).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "http_io/event_stream.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/task.h"

namespace archestra::http_io {

/// The cookies by which the platform API knows a browser, by http and by https. They are between those two:
/// no provider gets one, and none sets one.
inline constexpr std::string_view kSessionCookie = "archestra_session";
inline constexpr std::string_view kHttpsSessionCookie = "__Host-archestra_session";

/// A request with everything an answer needs. Owns its texts: nothing in it belongs to the thread it came
/// from.
struct ServiceRequest {
  std::string method;
  std::string target;          ///< path and query, as sent
  std::string content_type;    ///< "" for none
  base::Secret authorization;  ///< the whole field value
  std::string body;

  // Who sends it, and what browsers say of that; "" for what they do not say.
  base::Secret cookies = {};        ///< as one field value
  base::Secret csrf_token = {};     ///< X-CSRF-Token
  std::string fetch_site = {};      ///< Sec-Fetch-Site
  std::string host = {};            ///< Host
  std::string client_address = {};  ///< numeric; beyond proxies that are trusted
};

/// A whole answer, or how one begins that goes on.
struct ServiceAnswer {
  int status = 200;
  std::string body;                  ///< JSON; "" with status 204
  std::string extra_fields = {};     ///< whole field lines with CRLF
  std::string_view error_type = {};  ///< for the record; "" where it is no error. Static storage
  /// With status 200: an answer of server-sent events, these after those in `body`.
  std::shared_ptr<EventStream> events = {};
};

/// The way back of one answer, shared by the two threads. The one that waits makes it, on its loop.
class AnswerSlot : public std::enable_shared_from_this<AnswerSlot> {
 public:
  explicit AnswerSlot(net::EventLoop& loop) : loop_(loop) {}
  AnswerSlot(const AnswerSlot&) = delete;

  /// Hands the answer over and wakes who waits for it, if somebody still does. Once; any thread. The loop
  /// must not have ended.
  void put(ServiceAnswer answer);
  /// Whether nobody waits any more. Any thread.
  bool is_abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

  // For the thread of the loop.
  /// Waits for the answer: nothing where `client` left or was cut off (kCancelled), or the deadline passed
  /// (kTimeout). Where it did not come, nobody will look at it any more.
  net::Task<base::Result<ServiceAnswer>> wait(net::Readiness& client, base::MonotonicTime deadline);

 private:
  net::EventLoop& loop_;
  std::atomic<bool> abandoned_ = false;
  std::optional<ServiceAnswer> answer_;  // the loop's thread only
  net::Readiness arrived_;               // the loop's thread only
};

/// Answers requests on a thread of its own. Every method: any thread.
class Service {
 public:
  virtual ~Service() = default;
  /// The template of a path's route ("/api/agents/:id"), for the record. Static storage.
  virtual std::string_view route_of(std::string_view path) const = 0;
  /// Takes the request; the answer comes into `slot`. False, with nothing taken, where too many wait already.
  virtual bool try_submit(ServiceRequest request, std::shared_ptr<AnswerSlot> slot) = 0;
};

}  // namespace archestra::http_io
