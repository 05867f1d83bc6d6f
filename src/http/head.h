// Heads of HTTP/1.1 messages as values: views into the bytes they were parsed from. Whoever owns
// those bytes owns the head's meaning; nothing here copies or allocates. A head is some kilobytes
// large: keep it out of coroutine frames (own it by a pooled object).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.h"

namespace archestra::http {

/// Field names the gateway acts upon, recognised once while parsing so that no later step compares
/// strings. Everything else is kOther and travels as it came.
enum class HeaderId : std::uint8_t {
  kOther,
  kAcceptEncoding,
  kArchestra,  ///< any x-archestra-*
  kAuthorization,
  kBaggage,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentType,
  kCookie,
  kDate,
  kExpect,
  kHost,
  kKeepAlive,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kRetryAfter,
  kServerTiming,
  kTe,
  kTraceparent,
  kTracestate,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,  ///< the last: Fields keeps a bit for each
};
static_assert(static_cast<unsigned>(HeaderId::kUserAgent) < 32);

/// The id of a field name, compared without case (RFC 9110 section 5.1).
HeaderId header_id(std::string_view name);

/// Connection-specific fields that a proxy must not forward (RFC 9110 section 7.6.1). Fields named by
/// a Connection field are hop-by-hop too; see Fields::named_by_connection.
bool is_hop_by_hop(HeaderId id);

/// ASCII case-insensitive equality, as field names and tokens compare.
bool equals_ignoring_case(std::string_view a, std::string_view b);
using base::trimmed;
/// Whether a Content-Type is `wanted`, whatever its parameters (RFC 9110 section 8.3.1).
bool is_media_type(std::string_view content_type, std::string_view wanted);

struct Field {
  std::string_view name;
  std::string_view value;  ///< without surrounding white space
  HeaderId id = HeaderId::kOther;
};

/// The fields of a head in order, duplicates included. Fixed capacity: more is an error of the sender.
class Fields {
 public:
  static constexpr std::size_t kMax = 128;

  std::span<const Field> all() const { return {fields_.data(), count_}; }
  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  std::size_t size() const { return count_; }

  /// The first field with this id, or null.
  const Field* find(HeaderId id) const;
  /// The value of the first field with this id, or "".
  std::string_view value_of(HeaderId id) const;
  std::size_t count_of(HeaderId id) const;
  /// Whether a Connection field lists `name` as a token (RFC 9110 section 7.6.1).
  bool named_by_connection(std::string_view name) const;

  /// Whether any field has this id; costs one test of a bit.
  bool has(HeaderId id) const { return (present_ & bit(id)) != 0; }

  void clear() {
    count_ = 0;
    present_ = 0;
  }
  /// False where the table is full.
  bool try_add(Field field) {
    if (count_ == kMax) return false;
    fields_[count_++] = field;
    present_ |= bit(field.id);
    return true;
  }

 private:
  static constexpr std::uint32_t bit(HeaderId id) { return 1u << static_cast<unsigned>(id); }

  std::array<Field, kMax> fields_;
  std::size_t count_ = 0;
  std::uint32_t present_ = 0;  // a bit for each HeaderId
};

struct RequestHead {
  std::string_view method;  ///< as sent; case matters (RFC 9110 section 9.1)
  std::string_view target;  ///< origin-form, or "*" for OPTIONS; absolute-form is reduced to origin-form
  int minor_version = 1;    ///< HTTP/1.x
  Fields fields;

  std::string_view path() const { return target.substr(0, target.find('?')); }
  /// Without the question mark; "" for none.
  std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  }
  /// As new, so that no view of an earlier head is left.
  void clear() {
    method = target = {};
    minor_version = 1;
    fields.clear();
  }
};

struct ResponseHead {
  int status = 0;
  int minor_version = 1;
  std::string_view reason;
  Fields fields;

  void clear() {
    status = 0;
    minor_version = 1;
    reason = {};
    fields.clear();
  }
};

/// The method if it is one of RFC 9110 section 9 or PATCH, else "_OTHER" (OpenTelemetry). Static storage.
std::string_view known_method(std::string_view method);

/// Whether sending the request twice means the same as sending it once (RFC 9110 section 9.2.2).
bool is_idempotent(std::string_view method);

/// Whether the connection may carry another message after this one (RFC 9112 section 9.3).
bool is_persistent(int minor_version, const Fields& fields);
/// How long the sender keeps the connection without a request, where a Keep-Alive field says so
/// ("timeout=5, max=100", RFC 2068 section 19.7.1.1; nothing newer defines it, and many send it).
std::optional<std::chrono::seconds> keep_alive_timeout(const Fields& fields);

/// Whether the request would leave HTTP for WebSocket (RFC 6455 section 4.1). Any other upgrade is an offer
/// that may be passed over (RFC 9110 section 7.8); behind this one the client has nothing to say in HTTP.
bool asks_for_websocket(const Fields& fields);

/// The reason phrase for a status we answer with ourselves. Static storage.
std::string_view reason_phrase(int status);

}  // namespace archestra::http
