#include "telemetry/metrics/exposition_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <variant>

#include "base/ids.h"

namespace archestra::telemetry {
namespace {

/// Of any number.
constexpr std::size_t kNumberBytesMax = 32;
/// Of an exemplar and the line end: its ids in hex, names and signs, and two numbers.
constexpr std::size_t kExemplarBytesMax = 48 + 40 + 2 * kNumberBytesMax;

/// Shortest text that reads back as the same number, in any locale.
template <class T>
char* put_number(char* at, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return put_bytes(at, "NaN");
    if (std::isinf(value)) return put_bytes(at, value > 0 ? "+Inf" : "-Inf");
  }
  return std::to_chars(at, at + kNumberBytesMax, value).ptr;
}

/// Seconds since 1970, to the millisecond.
char* put_time(char* at, base::WallTime time) {
  const std::uint64_t millis = base::unix_nanos(time) / 1'000'000;
  at = put_number(at, millis / 1000);
  *at++ = '.';
  for (std::uint64_t digit = 100; digit > 0; digit /= 10)
    *at++ = static_cast<char>('0' + millis / digit % 10);
  return at;
}

}  // namespace

void FamilyLines::begin(const Family& family) {
  family_ = &family;
  ends_.clear();
  for (const double quantile : family.quantiles) add_end("quantile", quantile);
  if (family.type != MetricType::kHistogram) return;
  for (const base::Duration bound : family.bounds)
    add_end("le", family.shown(static_cast<double>(bound.count())));
  ends_.emplace_back("le=\"+Inf\"} ");
}

void FamilyLines::add_end(std::string_view label, double value) {
  std::string& end = ends_.emplace_back(label);
  end += "=\"";
  append_canonical(end, value);
  end += "\"} ";
}

void FamilyLines::write(ByteBuffer& out, const Sample& sample) {
  details_ = exemplars_ == Exemplars::kWritten ? sample.details : nullptr;
  labels_.clear();
  append_labels(labels_, sample);
  std::visit([&](const auto& value) { write_value(out, value); }, sample.value);
}

template <class T>
void FamilyLines::write_value(ByteBuffer& out, const T& number) {
  write_line(out, "", number, family_->name.ends_with("_total") ? exemplar_of(0) : nullptr);
}

void FamilyLines::write_value(ByteBuffer& out, const HistogramFigures& value) {
  begin_line("_bucket");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    count += value.buckets()[i];
    write_line_end(out, i, count, exemplar_of(i));
  }
  write_line(out, "_sum", family_->shown(static_cast<double>(value.sum_nanos())));
  write_line(out, "_count", count);
}

void FamilyLines::write_value(ByteBuffer& out, const SummaryValue* value) {
  begin_line("");
  for (std::size_t i = 0; i < ends_.size(); ++i) write_line_end(out, i, value->quantiles[i]);
  write_line(out, "_sum", family_->shown(static_cast<double>(value->sum_nanos)));
  write_line(out, "_count", value->count);
}

/// What all lines of a sample with one more label begin with.
void FamilyLines::begin_line(std::string_view suffix) {
  line_start_.assign(family_->name).append(suffix).append("{").append(labels_);
  if (!labels_.empty()) line_start_ += ',';
}

template <class T>
void FamilyLines::write_line_end(ByteBuffer& out, std::size_t i, T number, const Exemplar* exemplar) {
  char* at = out.room(line_start_.size() + ends_[i].size() + kNumberBytesMax);
  at = put_bytes(put_bytes(at, line_start_), ends_[i]);
  out.written_to(put_number(at, number));
  write_exemplar(out, exemplar);
}

/// `name_suffix{labels} number`.
template <class T>
void FamilyLines::write_line(ByteBuffer& out, std::string_view suffix, T number, const Exemplar* exemplar) {
  char* at = out.room(family_->name.size() + suffix.size() + labels_.size() + kNumberBytesMax + 4);
  at = put_bytes(put_bytes(at, family_->name), suffix);
  if (!labels_.empty()) {
    *at++ = '{';
    at = put_bytes(at, labels_);
    *at++ = '}';
  }
  *at++ = ' ';
  out.written_to(put_number(at, number));
  write_exemplar(out, exemplar);
}

const Exemplar* FamilyLines::exemplar_of(std::size_t bucket) const {
  if (details_ == nullptr) return nullptr;
  const auto found = std::ranges::find(details_->exemplars, bucket, &BucketExemplar::bucket);
  return found != details_->exemplars.end() ? &found->exemplar : nullptr;
}

/// And the end of the line.
void FamilyLines::write_exemplar(ByteBuffer& out, const Exemplar* exemplar) {
  char* at = out.room(kExemplarBytesMax);
  if (exemplar != nullptr) {
    const ExemplarSpan& span = exemplar->span;
    at = put_bytes(at, " # {trace_id=\"");
    at = base::write_hex(span.trace_id.bytes.data(), span.trace_id.bytes.size(), at);
    at = put_bytes(at, "\",span_id=\"");
    at = base::write_hex(span.span_id.bytes.data(), span.span_id.bytes.size(), at);
    at = put_bytes(at, "\"} ");
    at = put_number(at, shown_value(*exemplar, *family_));
    *at++ = ' ';
    at = put_time(at, span.time);
  }
  *at++ = '\n';
  out.written_to(at);
}

void append_canonical(std::string& out, double value) {
  std::array<char, 32> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general);
  const std::string_view text(digits.data(), end);
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_help(ByteBuffer& out, std::string_view text, Quotes quotes) {
  for (const char& c : text) {
    if (c == '\\')
      out.append("\\\\");
    else if (c == '\n')
      out.append("\\n");
    else if (c == '"' && quotes == Quotes::kEscaped)
      out.append("\\\"");
    else
      out.append(std::string_view(&c, 1));
  }
}

}  // namespace archestra::telemetry
