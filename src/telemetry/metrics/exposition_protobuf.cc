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

/// Appends a field of MetricFamily.
class MetricField {
 public:
  MetricField(ProtoWriter& out, const Family& family) : out_(out), family_(family) {}

  void write(const Sample& sample) {
    const ProtoWriter::Nested metric = out_.begin_message(family_field::kMetric);
    for (const LabelPart* part : {sample.first, sample.last, sample.agent})
      for (const Label& label : part->pairs) write_label(metric_field::kLabel, label.name, label.value);
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
    out_.end_message(histogram);
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
