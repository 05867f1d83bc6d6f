#include "telemetry/metrics/exposition_lines.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <variant>
#include <vector>

namespace archestra::telemetry {
namespace {

/// Shortest text that reads back as the same number, in any locale.
template <class T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      out += "NaN";
      return;
    }
    if (std::isinf(value)) {
      out += value > 0 ? "+Inf" : "-Inf";
      return;
    }
  }
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

/// Writes the samples of one family. A page has some hundred thousand lines, most of them of histograms, so
/// what the lines of a family or of a sample have in common is put together once.
class FamilyLines {
 public:
  FamilyLines(std::string& out, const Family& family) : out_(out), family_(family) {
    for (const double quantile : family.quantiles) add_end("quantile", quantile);
    if (family.type != MetricType::kHistogram) return;
    for (const base::Duration bound : family.bounds)
      add_end("le", family.shown(static_cast<double>(bound.count())));
    ends_.emplace_back("le=\"+Inf\"} ");
  }

  void write(const Sample& sample) {
    labels_.clear();
    append_labels(labels_, sample);
    std::visit([this](const auto& value) { write(value); }, sample.value);
  }

 private:
  void add_end(std::string_view label, double value) {
    std::string& end = ends_.emplace_back(label);
    end += "=\"";
    append_canonical(end, value);
    end += "\"} ";
  }

  template <class T>
  void write(const T& number) {
    write_line("", number);
  }

  void write(const HistogramValue& value) {
    begin_line("_bucket");
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      count += value.buckets[i];
      end_line(i, count);
    }
    write_line("_sum", family_.shown(static_cast<double>(value.sum_nanos)));
    write_line("_count", count);
  }

  void write(const SummaryValue& value) {
    begin_line("");
    for (std::size_t i = 0; i < ends_.size(); ++i) end_line(i, value.quantiles[i]);
    write_line("_sum", family_.shown(static_cast<double>(value.sum_nanos)));
    write_line("_count", value.count);
  }

  /// What all lines of a sample with one more label begin with.
  void begin_line(std::string_view suffix) {
    line_start_.assign(family_.name).append(suffix).append("{").append(labels_);
    if (!labels_.empty()) line_start_ += ',';
  }

  template <class T>
  void end_line(std::size_t i, T number) {
    out_ += line_start_;
    out_ += ends_[i];
    append_number(out_, number);
    out_ += '\n';
  }

  /// `name_suffix{labels} number`.
  template <class T>
  void write_line(std::string_view suffix, T number) {
    out_ += family_.name;
    out_ += suffix;
    if (!labels_.empty()) {
      out_ += '{';
      out_ += labels_;
      out_ += '}';
    }
    out_ += ' ';
    append_number(out_, number);
    out_ += '\n';
  }

  std::string& out_;
  const Family& family_;
  std::vector<std::string> ends_;  // the last label of each bucket or quantile
  std::string line_start_;         // these two of the sample that is being written
  std::string labels_;
};

}  // namespace

void append_sample_lines(std::string& out, const FamilySnapshot& snapshot) {
  FamilyLines lines(out, *snapshot.family);
  for (const Sample& sample : snapshot.samples) lines.write(sample);
}

void append_canonical(std::string& out, double value) {
  std::array<char, 32> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general);
  const std::string_view text(digits.data(), end);
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_help(std::string& out, std::string_view text, Quotes quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes == Quotes::kEscaped)
      out += "\\\"";
    else
      out += c;
  }
}

}  // namespace archestra::telemetry
