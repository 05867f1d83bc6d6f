// The heads that go on: a client's request as the upstream gets it, an upstream's response as the client
// gets it. Everything a rule does not name travels unchanged and in order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "call/call_record.h"
#include "http/body_framing.h"
#include "http/head.h"
#include "http/head_writer.h"
#include "http/trace_context.h"
#include "proxy/settings.h"

namespace archestra::proxy {

/// Which encodings the upstream may use. Identity where the response is to be changed.
enum class Encoding : std::uint8_t { kAsAsked, kIdentity };

struct UpstreamRequest {
  const http::RequestHead& head;
  const Target& target;
  std::string_view prefix = {};  ///< behind the base path
  std::string_view path;         ///< behind the prefix, with the query
  http::BodyFraming framing;     ///< of what is sent
  http::Traceparent traceparent;
  bool keep_tracestate = false;  ///< only a valid one with a valid traceparent
  Encoding encoding = Encoding::kAsAsked;
};

/// Room that any head made here fits into.
std::size_t upstream_head_room(const UpstreamRequest& request);
void write_upstream_head(const UpstreamRequest& request, http::HeadWriter& out);

/// How a body travels to the client.
enum class ClientFraming : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

/// What becomes of a body, where there is one. Of one that is changed nothing is sent that vouches for its
/// bytes: digests, and validators, by which other bytes are known for the same later.
enum class ClientBody : std::uint8_t {
  kAsItCame,
  kChanged,  ///< or may be
  kDecoded,  ///< and may be changed besides: Content-Encoding would be false
};

/// A field whose value the client gets in other words.
struct ReplacedField {
  const http::Field* field;  ///< of the upstream's head
  std::string value;
};

/// Whether a browser that is sent there might run what is in it. It would do so in the name of the web UI,
/// which has the same origin.
bool may_be_a_page(const http::ResponseHead& head);

struct ClientResponse {
  const http::ResponseHead& head;
  ClientFraming framing;
  std::uint64_t length = 0;  ///< for kLength
  ClientBody body = ClientBody::kAsItCame;
  bool keep_alive = true;
  int client_minor_version = 1;
  base::Duration gateway{};  ///< for Server-Timing
  base::Duration upstream{};
  std::span<const ReplacedField> replaced = {};
  bool is_sandboxed = false;  ///< browsers are told to run nothing of it
};

std::size_t client_head_room(const ClientResponse& response);
void write_client_head(const ClientResponse& response, http::HeadWriter& out);

}  // namespace archestra::proxy
