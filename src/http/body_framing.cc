#include "http/body_framing.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/chars.h"

namespace archestra::http {
namespace {

using base::ErrorCode;
using base::Result;

// What a length may be at most. Beyond it a peer that counts in signed numbers would read another one.
constexpr std::uint64_t kLengthMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint16_t kSizeDigitsMax = 16;  // 64 bits
constexpr std::uint16_t kExtensionBytesMax = 256;
constexpr std::uint16_t kTrailerBytesMax = 8 * 1024;
constexpr int kBadRequest = 400;
constexpr int kNotImplemented = 501;
constexpr int kBadGateway = 502;

std::optional<std::uint64_t> parse_length(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kLengthMax - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

/// Whether the last of all transfer codings is chunked. Where it is not, nobody knows where the body ends.
bool ends_in_chunked(const Fields& fields) {
  std::string_view last;
  for (const Field& field : fields)
    if (field.id == HeaderId::kTransferEncoding) last = field.value;
  last.remove_prefix(last.rfind(',') + 1);  // npos + 1 is 0
  return equals_ignoring_case(trimmed(last), "chunked");
}

/// The framing that the fields declare; `otherwise` where they declare none.
Result<BodyFraming> declared_framing(const Fields& fields, int minor_version, BodyKind otherwise,
                                     int malformed, int unknown_coding) {
  if (const Field* coding = fields.find(HeaderId::kTransferEncoding)) {
    if (fields.has(HeaderId::kContentLength))
      return base::fail(ErrorCode::kMalformed, "Content-Length with Transfer-Encoding", malformed);
    if (minor_version == 0)
      return base::fail(ErrorCode::kMalformed, "Transfer-Encoding in HTTP/1.0", malformed);
    if (!ends_in_chunked(fields))
      return base::fail(ErrorCode::kMalformed, "the last transfer coding is not chunked", malformed);
    if (fields.count_of(HeaderId::kTransferEncoding) > 1 || !equals_ignoring_case(coding->value, "chunked"))
      return base::fail(ErrorCode::kMalformed, "transfer coding other than chunked", unknown_coding);
    return BodyFraming{BodyKind::kChunked, 0};
  }
  if (const Field* declared = fields.find(HeaderId::kContentLength)) {
    const auto length = parse_length(declared->value);
    if (!length || fields.count_of(HeaderId::kContentLength) > 1)
      return base::fail(ErrorCode::kMalformed, "invalid Content-Length", malformed);
    return BodyFraming{BodyKind::kLength, *length};
  }
  return BodyFraming{otherwise, 0};
}

/// The value of a hex digit, or -1.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::unexpected<base::Error> malformed_body(const char* what) {
  return base::fail(ErrorCode::kMalformed, what, kBadRequest);
}

}  // namespace

Result<BodyFraming> request_framing(const RequestHead& head) {
  return declared_framing(head.fields, head.minor_version, BodyKind::kNone, kBadRequest, kNotImplemented);
}

Result<BodyFraming> response_framing(const ResponseHead& head, AnswerTo request) {
  const auto declared =
      declared_framing(head.fields, head.minor_version, BodyKind::kUntilClose, kBadGateway, kBadGateway);
  const bool has_no_body =
      request == AnswerTo::kHead || head.status < 200 || head.status == 204 || head.status == 304;
  if (declared && has_no_body) return BodyFraming{};
  return declared;
}

BodyDecoder::BodyDecoder(BodyFraming framing) {
  switch (framing.kind) {
    case BodyKind::kNone:
      break;
    case BodyKind::kLength:
      left_ = framing.length;
      state_ = left_ == 0 ? State::kDone : State::kLength;
      break;
    case BodyKind::kChunked:
      state_ = State::kChunkSize;
      break;
    case BodyKind::kUntilClose:
      state_ = State::kUntilClose;
      break;
  }
}

Result<BodyDecoder::Step> BodyDecoder::next(std::string_view bytes) {
  if (state_ == State::kUntilClose) return Step{bytes, bytes.size()};
  if (state_ == State::kDone || bytes.empty()) return Step{};
  std::size_t at = 0;
  // Framing up to the next content. What follows the content waits for the next call: were it looked at
  // now, an error there would take the content with it, and the outcome would depend on the cut.
  while (state_ != State::kLength && state_ != State::kChunkData) {
    if (state_ == State::kDone || at == bytes.size()) return Step{{}, at};
    if (const char* wrong = on_framing(bytes[at++])) return malformed_body(wrong);
  }
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkDataCr;
  return Step{bytes.substr(at, size), at + size};
}

const char* BodyDecoder::on_framing(char c) {
  switch (state_) {
    case State::kChunkSize:
      return on_chunk_size(c);
    case State::kChunkExtension:
    case State::kChunkExtensionText:
    case State::kChunkExtensionEscape:
      return on_chunk_extension(c);
    case State::kChunkSizeLf:
      if (c != '\n') return "no CRLF after a chunk size";
      skipped_ = 0;
      state_ = left_ == 0 ? State::kTrailerStart : State::kChunkData;
      return nullptr;
    case State::kChunkDataCr:
      if (c != '\r') return "no CRLF after a chunk";
      state_ = State::kChunkDataLf;
      return nullptr;
    case State::kChunkDataLf:
      if (c != '\n') return "no CRLF after a chunk";
      state_ = State::kChunkSize;
      return nullptr;
    default:
      return on_trailer(c);
  }
}

const char* BodyDecoder::on_chunk_size(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++skipped_ > kSizeDigitsMax || left_ > kLengthMax >> 4) return "chunk size too large";
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    return nullptr;
  }
  if (skipped_ == 0) return "no chunk size";
  // White space before the extension is not to be sent (RFC 9112 section 7.1.1), and is refused.
  if (c != '\r' && c != ';') return "invalid chunk size";
  state_ = c == '\r' ? State::kChunkSizeLf : State::kChunkExtension;
  skipped_ = 0;
  return nullptr;
}

// What it says matters to nobody, but not where it ends: quotes are seen, because who looks for CRLF alone
// and who reads quoted strings would differ over one that is not closed (RFC 9112 section 7.1.1).
const char* BodyDecoder::on_chunk_extension(char c) {
  if (c == '\r') {
    if (state_ != State::kChunkExtension) return "line end in the quotes of a chunk extension";
    state_ = State::kChunkSizeLf;
    return nullptr;
  }
  if (is_control(c)) return "control character in a chunk extension";
  if (++skipped_ > kExtensionBytesMax) return "chunk extension too long";
  if (state_ == State::kChunkExtensionEscape)
    state_ = State::kChunkExtensionText;
  else if (c == '"')
    state_ = state_ == State::kChunkExtension ? State::kChunkExtensionText : State::kChunkExtension;
  else if (c == '\\' && state_ == State::kChunkExtensionText)
    state_ = State::kChunkExtensionEscape;
  return nullptr;
}

const char* BodyDecoder::on_trailer(char c) {
  if (++skipped_ > kTrailerBytesMax) return "trailer section too long";
  switch (state_) {
    case State::kTrailerStart:
      if (c == '\r') {
        state_ = State::kEndLf;
        return nullptr;
      }
      state_ = State::kTrailerName;
      return is_token_char(c) ? nullptr : "invalid trailer field";
    case State::kTrailerName:
      if (c == ':') state_ = State::kTrailerValue;
      return c == ':' || is_token_char(c) ? nullptr : "invalid trailer field";
    case State::kTrailerValue:
      if (c == '\r') state_ = State::kTrailerLf;
      return c == '\r' || !is_control(c) ? nullptr : "invalid trailer field";
    case State::kTrailerLf:
      state_ = State::kTrailerStart;
      return c == '\n' ? nullptr : "invalid trailer field";
    default:  // kEndLf
      state_ = State::kDone;
      return c == '\n' ? nullptr : "no CRLF after the last chunk";
  }
}

Result<void> BodyDecoder::on_end_of_stream() {
  if (state_ != State::kDone && state_ != State::kUntilClose)
    return base::fail(ErrorCode::kReset, "the body was cut short");
  state_ = State::kDone;
  return {};
}

}  // namespace archestra::http
