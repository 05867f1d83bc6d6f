// io.prometheus.client.MetricFamily, each behind its length. Zeros are written too: where the messages are
// read as proto2, a number that is left out is not there.
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/exposition_lines.h"
#include "telemetry/proto_writer.h"

namespace archestra::telemetry {
namespace {

// Field numbers, by message.
namespace family_field {
enum : std::uint32_t { kName = 1, kHelp = 2, kType = 3, kMetric = 4, kUnit = 5 };
}
namespace metric_field {
enum : std::uint32_t { kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kHistogram = 7 };
}
namespace label_field {
enum : std::uint32_t { kName = 1, kValue = 2 };
}
/// Gauge and Counter; only the latter has exemplars.
namespace number_field {
enum : std::uint32_t { kValue = 1, kExemplar = 2 };
}
/// Summary and Histogram.
namespace samples_field {
enum : std::uint32_t { kCount = 1, kSum = 2, kPart = 3 };
}
namespace quantile_field {
enum : std::uint32_t { kQuantile = 1, kValue = 2 };
}
namespace bucket_field {
enum : std::uint32_t { kCumulativeCount = 1, kUpperBound = 2, kExemplar = 3 };
}
/// Of the native part of a Histogram.
namespace native_field {
enum : std::uint32_t {
  kSchema = 5,
  kZeroThreshold = 6,
  kZeroCount = 7,
  kPositiveSpan = 12,
  kPositiveDelta = 13
};
}
namespace span_field {
enum : std::uint32_t { kOffset = 1, kLength = 2 };
}
namespace exemplar_field {
enum : std::uint32_t { kLabel = 1, kValue = 2, kTimestamp = 3 };
}
namespace timestamp_field {
enum : std::uint32_t { kSeconds = 1, kNanos = 2 };
}

/// Of the enumeration MetricType.
std::uint64_t type_number(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return 0;
    case MetricType::kGauge:
      return 1;
    case MetricType::kSummary:
      return 2;
    case MetricType::kHistogram:
      return 4;
  }
  return 3;  // untyped
}

void put_double(ProtoWriter& out, std::uint32_t field, double value) {
  out.fixed64_field(field, std::bit_cast<std::uint64_t>(value));
}

/// As sint32 and sint64 are written.
std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

/// Appends a field of MetricFamily.
class MetricField {
 public:
  MetricField(ProtoWriter& out, const Family& family) : out_(out), family_(family) {}

  void write(const Sample& sample) {
    const ProtoWriter::Nested metric = out_.begin_message(family_field::kMetric);
    for (const LabelPart* part : {sample.first, sample.last, sample.agent})
      for (const Label& label : part->pairs) write_label(metric_field::kLabel, label.name, label.value);
    native_ = sample.details != nullptr && sample.details->native ? &*sample.details->native : nullptr;
    exemplars_ = sample.details != nullptr ? std::span(sample.details->exemplars) : none();
    std::visit([this](const auto& value) { write(value); }, sample.value);
    out_.end_message(metric);
  }

 private:
  static std::span<const BucketExemplar> none() { return {}; }

  void write_label(std::uint32_t field, std::string_view name, std::string_view value) {
    const ProtoWriter::Nested pair = out_.begin_message(field);
    out_.bytes_field(label_field::kName, name);
    out_.bytes_field(label_field::kValue, value);
    out_.end_message(pair);
  }

  template <class T>
  void write(const T& number) {
    const bool is_gauge = family_.type == MetricType::kGauge;
    const ProtoWriter::Nested message =
        out_.begin_message(is_gauge ? metric_field::kGauge : metric_field::kCounter);
    put_double(out_, number_field::kValue, static_cast<double>(number));
    if (!is_gauge) write_exemplar(number_field::kExemplar, 0);
    out_.end_message(message);
  }

  void write(const HistogramFigures& value) {
    const ProtoWriter::Nested histogram = out_.begin_message(metric_field::kHistogram);
    std::uint64_t count = 0;
    for (const std::uint64_t bucket : value.buckets()) count += bucket;
    // What the shards have counted since the buckets were read is beyond the last bound.
    if (native_ != nullptr) count = native_->count();
    put_count_and_sum(count, value.sum_nanos());
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < family_.bounds.size(); ++i) {
      below += value.buckets()[i];
      const ProtoWriter::Nested bucket = out_.begin_message(samples_field::kPart);
      out_.varint_field(bucket_field::kCumulativeCount, below);
      put_double(out_, bucket_field::kUpperBound,
                 family_.shown(static_cast<double>(family_.bounds[i].count())));
      write_exemplar(bucket_field::kExemplar, i);
      out_.end_message(bucket);
    }
    if (!exemplars_.empty()) {  // that of the bucket for +Inf has no other place
      const ProtoWriter::Nested bucket = out_.begin_message(samples_field::kPart);
      out_.varint_field(bucket_field::kCumulativeCount, count);
      put_double(out_, bucket_field::kUpperBound, std::numeric_limits<double>::infinity());
      write_exemplar(bucket_field::kExemplar, family_.bounds.size());
      out_.end_message(bucket);
    }
    if (native_ != nullptr) write_native(*native_);
    out_.end_message(histogram);
  }

  // Prometheus 2.42 knows a native histogram without values by its threshold, later ones by its span.
  void write_native(const NativeFigures& native) {
    out_.varint_field(native_field::kSchema, zigzag(NativeScale::kSchema));
    put_double(out_, native_field::kZeroThreshold, NativeScale::kZeroThreshold);
    out_.varint_field(native_field::kZeroCount, native.zeros);
    if (native.buckets.empty()) return write_span(0, 0);
    // A few empty buckets between two others take less room than another span.
    constexpr std::int32_t kStepMax = 3;
    std::int32_t end = 0;  // of the span before
    for (auto at = native.buckets.begin(); at != native.buckets.end();) {
      const std::int32_t begin = at->index;
      const std::int32_t offset = begin - end;
      for (end = begin + 1, ++at; at != native.buckets.end() && at->index < end + kStepMax; ++at)
        end = at->index + 1;
      write_span(offset, end - begin);
    }
    std::uint64_t before = 0;
    const auto write_count = [&](std::uint64_t count) {
      out_.varint_field(native_field::kPositiveDelta, zigzag(static_cast<std::int64_t>(count - before)));
      before = count;
    };
    end = native.buckets.front().index;
    for (const NativeFigures::Bucket& bucket : native.buckets) {
      if (bucket.index < end + kStepMax)
        for (; end < bucket.index; ++end) write_count(0);
      write_count(bucket.count);
      end = bucket.index + 1;
    }
  }

  void write_span(std::int32_t offset, std::int32_t length) {
    const ProtoWriter::Nested span = out_.begin_message(native_field::kPositiveSpan);
    out_.varint_field(span_field::kOffset, zigzag(offset));
    out_.varint_field(span_field::kLength, static_cast<std::uint64_t>(length));
    out_.end_message(span);
  }

  void write(const SummaryValue* value) {
    const ProtoWriter::Nested summary = out_.begin_message(metric_field::kSummary);
    put_count_and_sum(value->count, value->sum_nanos);
    for (std::size_t i = 0; i < family_.quantiles.size(); ++i) {
      const ProtoWriter::Nested quantile = out_.begin_message(samples_field::kPart);
      put_double(out_, quantile_field::kQuantile, family_.quantiles[i]);
      put_double(out_, quantile_field::kValue, value->quantiles[i]);
      out_.end_message(quantile);
    }
    out_.end_message(summary);
  }

  void put_count_and_sum(std::uint64_t count, std::uint64_t sum_nanos) {
    out_.varint_field(samples_field::kCount, count);
    put_double(out_, samples_field::kSum, family_.shown(static_cast<double>(sum_nanos)));
  }

  /// The next one, where it is that bucket's.
  void write_exemplar(std::uint32_t field, std::size_t bucket) {
    if (exemplars_.empty() || exemplars_.front().bucket != bucket) return;
    const Exemplar& exemplar = exemplars_.front().exemplar;
    exemplars_ = exemplars_.subspan(1);
    const ProtoWriter::Nested message = out_.begin_message(field);
    write_label(exemplar_field::kLabel, "trace_id", base::to_hex(exemplar.span.trace_id));
    write_label(exemplar_field::kLabel, "span_id", base::to_hex(exemplar.span.span_id));
    put_double(out_, exemplar_field::kValue, shown_value(exemplar, family_));
    const std::uint64_t nanos = base::unix_nanos(exemplar.span.time);
    constexpr std::uint64_t kSecond = 1'000'000'000;
    const ProtoWriter::Nested time = out_.begin_message(exemplar_field::kTimestamp);
    out_.varint_field(timestamp_field::kSeconds, nanos / kSecond);
    out_.varint_field(timestamp_field::kNanos, nanos % kSecond);
    out_.end_message(time);
    out_.end_message(message);
  }

  ProtoWriter& out_;
  const Family& family_;
  const NativeFigures* native_ = nullptr;      // of the sample
  std::span<const BucketExemplar> exemplars_;  // those that are still to be written
};

class ProtobufWriter final : public FamilyWriter {
 public:
  void begin(ByteBuffer& out, const FamilySnapshot& snapshot) override {
    family_ = snapshot.family;
    fields_.clear();
    fields_.bytes_field(family_field::kName, family_->name);
    fields_.bytes_field(family_field::kHelp, family_->help);
    fields_.varint_field(family_field::kType, type_number(family_->type));
    std::size_t size = fields_.size();
    for (const Sample& sample : snapshot.samples) size += encoded(sample).size();
    if (!family_->unit.empty()) size += length_field_size(family_field::kUnit, family_->unit.size());
    std::array<char, 10> length;
    out.append(std::string_view(length.data(), put_varint(length.data(), size)), fields_.bytes());
  }

  void write(ByteBuffer& out, const Sample& sample) override { out.append(encoded(sample)); }

  void end(ByteBuffer& out) override {
    if (family_->unit.empty()) return;
    fields_.clear();
    fields_.bytes_field(family_field::kUnit, family_->unit);
    out.append(fields_.bytes());
  }

 private:
  std::string_view encoded(const Sample& sample) {
    metric_.clear();
    MetricField(metric_, *family_).write(sample);
    return metric_.bytes();
  }

  const Family* family_ = nullptr;
  ProtoWriter fields_;  // of the family
  ProtoWriter metric_;  // of one sample
};

}  // namespace

std::unique_ptr<FamilyWriter> make_protobuf_writer() { return std::make_unique<ProtobufWriter>(); }

}  // namespace archestra::telemetry
