#include "telemetry/otlp/metric_encoder.h"

#include <bit>
#include <numeric>
#include <optional>
#include <variant>

#include "telemetry/otlp/attributes.h"
#include "telemetry/otlp/ids.h"

namespace archestra::telemetry::otlp {
namespace {

// Field numbers of opentelemetry.proto.metrics.v1.
constexpr std::uint32_t kScopeMetricsMetrics = 2;

namespace metric_field {
enum : std::uint32_t {
  kName = 1,
  kDescription = 2,
  kUnit = 3,
  kGauge = 5,
  kSum = 7,
  kHistogram = 9,
  kSummary = 11
};
}
/// Gauge, Sum, Histogram and Summary, as far as they have them.
namespace data_field {
enum : std::uint32_t { kPoints = 1, kTemporality = 2, kIsMonotonic = 3 };
}
namespace number_field {
enum : std::uint32_t { kStart = 2, kTime = 3, kDouble = 4, kExemplars = 5, kInt = 6, kAttributes = 7 };
}
namespace histogram_field {
enum : std::uint32_t {
  kStart = 2,
  kTime = 3,
  kCount = 4,
  kSum = 5,
  kBuckets = 6,
  kBounds = 7,
  kExemplars = 8,
  kAttributes = 9
};
}
namespace summary_field {
enum : std::uint32_t { kStart = 2, kTime = 3, kCount = 4, kSum = 5, kQuantiles = 6, kAttributes = 7 };
}
namespace quantile_field {
enum : std::uint32_t { kQuantile = 1, kValue = 2 };
}
namespace exemplar_field {
enum : std::uint32_t { kTime = 2, kDouble = 3, kSpanId = 4, kTraceId = 5 };
}
constexpr std::uint64_t kCumulative = 2;

std::uint32_t data_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return metric_field::kSum;
    case MetricType::kGauge:
      return metric_field::kGauge;
    case MetricType::kHistogram:
      return metric_field::kHistogram;
    case MetricType::kSummary:
      break;
  }
  return metric_field::kSummary;
}

/// In UCUM, as OpenTelemetry wants it.
std::string_view unit_of(const Family& family) {
  if (family.unit == "seconds") return "s";
  if (family.unit == "bytes") return "By";
  return family.unit;
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

/// One family's metric, with as many points as are added.
class MetricMessage {
 public:
  MetricMessage(ProtoWriter& out, const Family& family, const MetricTimes& times)
      : out_(out), family_(family), times_(times), metric_(out.begin_message(kScopeMetricsMetrics)) {
    out_.bytes_field(metric_field::kName, family.name);
    out_.bytes_field(metric_field::kDescription, family.help);
    if (const std::string_view unit = unit_of(family); !unit.empty())
      out_.bytes_field(metric_field::kUnit, unit);
    data_ = out_.begin_message(data_of(family.type));
  }

  void add(const Sample& sample) {
    const auto point = out_.begin_message(data_field::kPoints);
    std::visit([&](const auto& value) { write(sample, value); }, sample.value);
    out_.end_message(point);
  }

  void end() {
    if (family_.type == MetricType::kCounter || family_.type == MetricType::kHistogram)
      out_.varint_field(data_field::kTemporality, kCumulative);
    if (family_.type == MetricType::kCounter) out_.varint_field(data_field::kIsMonotonic, 1);
    out_.end_message(data_);
    out_.end_message(metric_);
  }

 private:
  void put_labels(std::uint32_t field, const Sample& sample) {
    AttributeWriter attributes(out_, field);
    for (const LabelPart* part : {sample.first, sample.last, sample.agent})
      for (const Label& label : part->pairs) attributes.own_string(label.name, label.value);
  }
  void put_value(std::uint64_t value) { out_.fixed64_field(number_field::kInt, value); }
  void put_value(std::int64_t value) { put_value(static_cast<std::uint64_t>(value)); }
  void put_value(double value) { out_.fixed64_field(number_field::kDouble, bits(value)); }
  /// The same fields in all of them; what is no sum since the start has no start.
  void put_times(bool has_start = true) {
    if (has_start) out_.fixed64_field(number_field::kStart, base::unix_nanos(times_.started_at));
    out_.fixed64_field(number_field::kTime, base::unix_nanos(times_.now));
  }

  void put_exemplars(std::uint32_t field, const Sample& sample) {
    if (sample.details == nullptr) return;
    for (const BucketExemplar& each : sample.details->exemplars) {
      const auto exemplar = out_.begin_message(field);
      const ExemplarSpan& span = each.exemplar.span;
      out_.fixed64_field(exemplar_field::kTime, base::unix_nanos(span.time));
      out_.fixed64_field(exemplar_field::kDouble, bits(shown_value(each.exemplar, family_)));
      out_.bytes_field(exemplar_field::kSpanId, bytes_of(span.span_id));
      out_.bytes_field(exemplar_field::kTraceId, bytes_of(span.trace_id));
      out_.end_message(exemplar);
    }
  }

  template <class T>
  void write(const Sample& sample, const T& number) {
    put_labels(number_field::kAttributes, sample);
    put_times(family_.type == MetricType::kCounter);
    put_value(number);
    put_exemplars(number_field::kExemplars, sample);
  }

  void write(const Sample& sample, const HistogramFigures& value) {
    put_labels(histogram_field::kAttributes, sample);
    put_times();
    const std::span<const std::uint64_t> buckets = value.buckets();
    put_count_and_sum(std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0}), value.sum_nanos());
    char* at = out_.room(kPackedHeadBytesMax + buckets.size_bytes());
    at = put_length(at, histogram_field::kBuckets, buckets.size_bytes());
    for (const std::uint64_t count : buckets) at = put_fixed64(at, count);
    out_.written_to(at);
    at = out_.room(kPackedHeadBytesMax + family_.bounds.size() * 8);
    at = put_length(at, histogram_field::kBounds, family_.bounds.size() * 8);
    for (const base::Duration bound : family_.bounds)
      at = put_fixed64(at, bits(family_.shown(static_cast<double>(bound.count()))));
    out_.written_to(at);
    put_exemplars(histogram_field::kExemplars, sample);
  }

  void write(const Sample& sample, const SummaryValue* summary) {
    const SummaryValue& value = *summary;
    put_labels(summary_field::kAttributes, sample);
    put_times();
    put_count_and_sum(value.count, value.sum_nanos);
    for (std::size_t i = 0; i < family_.quantiles.size(); ++i) {
      const auto quantile = out_.begin_message(summary_field::kQuantiles);
      out_.fixed64_field(quantile_field::kQuantile, bits(family_.quantiles[i]));
      out_.fixed64_field(quantile_field::kValue, bits(value.quantiles[i]));
      out_.end_message(quantile);
    }
  }

  void put_count_and_sum(std::uint64_t count, std::uint64_t sum_nanos) {
    out_.fixed64_field(histogram_field::kCount, count);
    out_.fixed64_field(histogram_field::kSum, bits(family_.shown(static_cast<double>(sum_nanos))));
  }

  static char* put_fixed64(char* at, std::uint64_t value) {
    return put_bytes(at, {reinterpret_cast<const char*>(&value), sizeof value});
  }
  static constexpr std::size_t kPackedHeadBytesMax = 20;

  ProtoWriter& out_;
  const Family& family_;
  const MetricTimes& times_;
  const ProtoWriter::Nested metric_;
  ProtoWriter::Nested data_{};
};

}  // namespace

void encode_metrics(std::span<const FamilySnapshot> families, const MetricTimes& times,
                    MetricPortions& portions, std::size_t portion_bytes) {
  ProtoWriter out;
  std::size_t points = 0;
  const auto hand_over = [&] {
    if (points > 0) portions.take(out.bytes(), points);
    out.clear();
    points = 0;
  };
  for (const FamilySnapshot& snapshot : families) {
    std::optional<MetricMessage> metric;
    for (const Sample& sample : snapshot.samples) {
      if (!metric) metric.emplace(out, *snapshot.family, times);
      metric->add(sample);
      ++points;
      if (out.size() < portion_bytes) continue;
      metric->end();
      metric.reset();
      hand_over();
    }
    if (metric) metric->end();
  }
  hand_over();
}

}  // namespace archestra::telemetry::otlp
