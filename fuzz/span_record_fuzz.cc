// Records of finished requests: what a crash left in a file is any bytes. Whatever of it can be read can be
// encoded as spans, as a log record and as a log line, all of whose texts are UTF-8. It makes its seeds
// itself, so that they are records of the layout of today.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/byte_ring.h"
#include "telemetry/log/access_log.h"
#include "telemetry/otlp/log_encoder.h"
#include "telemetry/otlp/span_encoder.h"
#include "telemetry/proto_writer.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"
#include "telemetry/text.h"
#include "telemetry/trace/span_record.h"

namespace archestra::fuzz {
namespace {

using telemetry::FinishedRequest;

/// In a block of exactly its size, so that a read beyond it is seen.
class Block {
 public:
  explicit Block(std::string_view bytes)
      : bytes_(std::make_unique<std::byte[]>(bytes.size())), size_(bytes.size()) {
    bytes.copy(reinterpret_cast<char*>(bytes_.get()), size_);
  }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

void check_text(std::string_view text) {
  std::string scratch;
  ARCHESTRA_ASSERT(telemetry::as_valid_utf8(text, scratch).data() == text.data(), "what goes out is UTF-8");
}

void check_attributes(const telemetry::WireMessage& message, std::uint32_t field) {
  for (const auto& attribute : message.all(field)) {
    const telemetry::WireMessage pair(attribute.bytes);
    check_text(pair.bytes(1));
    for (const auto& text : pair.message(2).all(1)) check_text(text.bytes);
  }
}

std::string spans_of(const FinishedRequest& request, telemetry::otlp::SpanNames names) {
  telemetry::ProtoWriter out;
  telemetry::otlp::encode_spans(request, out, names);
  const auto spans = telemetry::WireMessage(out.bytes()).all(2);
  ARCHESTRA_ASSERT(spans.size() == telemetry::spans_of(request.request), "no span is left out");
  for (const auto& bytes : spans) {
    const telemetry::WireMessage span(bytes.bytes);
    for (const std::uint32_t text : {3u, 5u})
      for (const auto& field : span.all(text)) check_text(field.bytes);
    check_attributes(span, 9);
    for (const auto& event : span.all(11)) check_attributes(telemetry::WireMessage(event.bytes), 3);
  }
  return std::string(out.bytes());
}

std::string log_record_of(const FinishedRequest& request) {
  telemetry::ProtoWriter out;
  telemetry::otlp::encode_log_record(request, out);
  check_attributes(telemetry::WireMessage(out.bytes()).message(2), 6);
  return std::string(out.bytes());
}

std::string line_of(const FinishedRequest& request, base::LogFormat format) {
  std::string line;
  telemetry::append_access_log(line, request, format);
  ARCHESTRA_ASSERT(line.find('\n') == line.size() - 1, "a line is one line");
  check_text(line);
  return line;
}

void check_prefix(std::span<const std::byte> record, const FinishedRequest& request) {
  const auto prefix = telemetry::read_prefix(record);
  ARCHESTRA_ASSERT(prefix && prefix->format == telemetry::kRecordFormat, "a record is of our format");
  const std::size_t spans = request.request.trace.sampled ? telemetry::spans_of(request.request) : 0;
  ARCHESTRA_ASSERT(prefix->spans == spans, "a record says how many spans it has");
}

/// A record with what the bits of `kind` choose.
std::string record_of(unsigned kind) {
  telemetry::SampleCall sample;
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};
  tries[0].retried_after = std::chrono::seconds(1);
  tries[0].outcome = call::Outcome::kUpstreamError;
  std::vector<call::ToolDecision> decisions{
      {.tool = "read"},
      {.tool = "send", .decision = call::Decision::kBlocked, .policy_id = base::Uuid{}, .reason = "why"}};
  if ((kind & 1) != 0) sample.request.call = nullptr;
  if ((kind & 2) != 0) sample.call.tries = tries;
  if ((kind & 4) != 0) sample.call.agent = nullptr;
  if ((kind & 8) != 0) sample.call.parameters = nullptr;
  if ((kind & 16) != 0) {
    sample.call.tool_decisions = decisions;
    sample.call.blocked_tool_calls = 1;
  }
  if ((kind & 32) != 0) sample.parameters.stop_sequences = {"\n", "END"};
  if ((kind & 64) != 0) sample.request.trace.sampled = false;
  base::ByteRing ring(std::size_t{1} << 16);
  ARCHESTRA_ASSERT(telemetry::write_record(sample.request, ring), "a record goes into an empty ring");
  const auto bytes = ring.front();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
constexpr unsigned kKinds = 128;

}  // namespace
}  // namespace archestra::fuzz

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

// One of sixty-four is a record that nobody damaged, as is what follows an input too short to be one.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed) {
  using namespace archestra;
  if (seed % 64 != 0 && size > sizeof(telemetry::RecordPrefix)) return LLVMFuzzerMutate(data, size, size_max);
  const std::string record = fuzz::record_of(seed / 64 % fuzz::kKinds);
  return record.copy(reinterpret_cast<char*>(data), size_max);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archestra;
  // One is used again and again, as the export thread does it.
  static telemetry::FinishedRequest used;
  const fuzz::Block record({reinterpret_cast<const char*>(data), size});
  telemetry::FinishedRequest fresh;
  const bool is_read = read_record(record.bytes(), fresh);
  ARCHESTRA_ASSERT(read_record(record.bytes(), used) == is_read, "what was read before does not matter");
  if (!is_read) return 0;
  fuzz::check_prefix(record.bytes(), fresh);
  for (const auto names : {telemetry::otlp::SpanNames::kProvider, telemetry::otlp::SpanNames::kGenAi})
    ARCHESTRA_ASSERT(fuzz::spans_of(fresh, names) == fuzz::spans_of(used, names), "spans are the record's");
  ARCHESTRA_ASSERT(fuzz::log_record_of(fresh) == fuzz::log_record_of(used), "a log record is the record's");
  for (const auto format : {base::LogFormat::kJson, base::LogFormat::kText})
    ARCHESTRA_ASSERT(fuzz::line_of(fresh, format) == fuzz::line_of(used, format), "a line is the record's");
  return 0;
}
