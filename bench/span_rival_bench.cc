// The spans of a call, encoded by us and by the classes that protoc generates: from the same record, to
// messages that are equal, which is looked at before anything is measured.
#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <string>

#include "full_call.h"
#include "protobuf_spans.h"
#include "telemetry/otlp/span_encoder.h"

namespace archestra::rival {
namespace {

/// Messages in an arena whose first block is used again for each call: how protobuf is fastest here.
class ArenaEncoder {
 public:
  const std::string& encode(const telemetry::FinishedRequest& request) {
    ScopeSpans& spans = *google::protobuf::Arena::CreateMessage<ScopeSpans>(&arena_);
    add_spans(request, spans);
    spans.SerializeToString(&bytes_);
    arena_.Reset();
    return bytes_;
  }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  static google::protobuf::ArenaOptions options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kBlockBytes;
    return options;
  }

  const std::unique_ptr<char[]> block_ = std::make_unique<char[]>(kBlockBytes);
  google::protobuf::Arena arena_{options(block_.get())};
  std::string bytes_;
};

/// Messages that are cleared and filled again.
class ReusingEncoder {
 public:
  const std::string& encode(const telemetry::FinishedRequest& request) {
    spans_.Clear();
    add_spans(request, spans_);
    spans_.SerializeToString(&bytes_);
    return bytes_;
  }

 private:
  ScopeSpans spans_;
  std::string bytes_;
};

/// Why what we write is not what `theirs` is; "" where it is.
std::string difference(const telemetry::FinishedRequest& request, const std::string& theirs) {
  telemetry::ProtoWriter ours;
  telemetry::otlp::encode_spans(request, ours);
  ScopeSpans our_spans;
  ScopeSpans their_spans;
  if (!our_spans.ParseFromArray(ours.bytes().data(), static_cast<int>(ours.size())))
    return "ours cannot be read";
  if (!their_spans.ParseFromString(theirs)) return "theirs cannot be read";
  google::protobuf::util::MessageDifferencer differencer;
  std::string report;
  differencer.ReportDifferencesToString(&report);
  return differencer.Compare(our_spans, their_spans) ? "" : report;
}

void spans_ours(benchmark::State& state) {
  const telemetry::FullCall call;
  telemetry::ProtoWriter out;
  for (auto _ : state) {
    out.clear();
    telemetry::otlp::encode_spans(call.request(), out);
    benchmark::DoNotOptimize(out.bytes());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(spans_ours);

template <class Encoder>
void spans_protobuf(benchmark::State& state) {
  const telemetry::FullCall call;
  Encoder encoder;
  if (const std::string why = difference(call.request(), encoder.encode(call.request())); !why.empty())
    return state.SkipWithError(why.c_str());
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string& encoded = encoder.encode(call.request());
    benchmark::DoNotOptimize(encoded.data());
    bytes = encoded.size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(spans_protobuf<ArenaEncoder>)->Name("spans_protobuf_arena");
BENCHMARK(spans_protobuf<ReusingEncoder>)->Name("spans_protobuf_reuse");

}  // namespace
}  // namespace archestra::rival
