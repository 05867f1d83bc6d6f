#include "telemetry/metrics/exposition_text.h"

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

void append_help(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

/// Writes the samples of one family. A page has some hundred thousand lines, most of them of histograms, so
/// what the lines of a family or of a sample have in common is put together once.
class FamilyWriter {
 public:
  FamilyWriter(std::string& out, const Family& family) : out_(out), family_(family) {
    for (const double quantile : family.quantiles) {
      std::string& end = quantile_ends_.emplace_back("quantile=\"");
      append_number(end, quantile);
      end += "\"} ";
    }
    if (family.type != MetricType::kHistogram) return;
    for (const base::Duration bound : family.bounds) {
      std::string& end = bucket_ends_.emplace_back("le=\"");
      append_number(end, family.shown(static_cast<double>(bound.count())));
      end += "\"} ";
    }
    bucket_ends_.emplace_back("le=\"+Inf\"} ");
  }

  void write(const Sample& sample) {
    labels_.clear();
    append_labels(labels_, sample);
    if (const auto* histogram = std::get_if<HistogramValue>(&sample.value)) return write(*histogram);
    if (const auto* summary = std::get_if<SummaryValue>(&sample.value)) return write(*summary);
    start("");
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>)
            append_number(out_, value);
        },
        sample.value);
    out_ += '\n';
  }

 private:
  void write(const HistogramValue& value) {
    begin_line("_bucket");
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < bucket_ends_.size(); ++i) {
      count += value.buckets[i];
      out_ += line_start_;
      out_ += bucket_ends_[i];
      append_number(out_, count);
      out_ += '\n';
    }
    write_sum_and_count(value.sum_nanos, count);
  }

  void write(const SummaryValue& value) {
    begin_line("");
    for (std::size_t i = 0; i < quantile_ends_.size(); ++i) {
      out_ += line_start_;
      out_ += quantile_ends_[i];
      append_number(out_, value.quantiles[i]);
      out_ += '\n';
    }
    write_sum_and_count(value.sum_nanos, value.count);
  }

  void write_sum_and_count(std::uint64_t sum_nanos, std::uint64_t count) {
    start("_sum");
    append_number(out_, family_.shown(static_cast<double>(sum_nanos)));
    out_ += '\n';
    start("_count");
    append_number(out_, count);
    out_ += '\n';
  }

  /// What all lines of a sample with another label begin with.
  void begin_line(std::string_view suffix) {
    line_start_.assign(family_.name).append(suffix).append("{").append(labels_);
    if (!labels_.empty()) line_start_ += ',';
  }

  /// `name_suffix{labels} `.
  void start(std::string_view suffix) {
    out_ += family_.name;
    out_ += suffix;
    if (!labels_.empty()) {
      out_ += '{';
      out_ += labels_;
      out_ += '}';
    }
    out_ += ' ';
  }

  std::string& out_;
  const Family& family_;
  std::vector<std::string> bucket_ends_;
  std::vector<std::string> quantile_ends_;
  std::string line_start_;  // these two of the sample that is being written
  std::string labels_;
};

}  // namespace

void append_text_exposition(std::string& out, std::span<const FamilySnapshot> families) {
  for (const FamilySnapshot& snapshot : families) {
    const Family& family = *snapshot.family;
    out += "# HELP ";
    out += family.name;
    out += ' ';
    append_help(out, family.help);
    out += "\n# TYPE ";
    out += family.name;
    out += ' ';
    out += name_of(family.type);
    out += '\n';
    FamilyWriter writer(out, family);
    for (const Sample& sample : snapshot.samples) writer.write(sample);
  }
}

}  // namespace archestra::telemetry
