#include "telemetry/metrics/exposition_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <variant>

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

/// `name_suffix{labels,le="bound"} `, without what is empty.
void append_start(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels,
                  std::string_view bound = {}) {
  out += name;
  out += suffix;
  if (!labels.empty() || !bound.empty()) {
    out += '{';
    out += labels;
    if (!bound.empty()) {
      if (!labels.empty()) out += ',';
      out += "le=\"";
      out += bound;
      out += '"';
    }
    out += '}';
  }
  out += ' ';
}

void append_histogram(std::string& out, const Family& family, std::string_view labels,
                      const HistogramValue& value) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= family.bounds.size(); ++i) {
    std::string bound = "+Inf";
    if (i < family.bounds.size()) {
      bound.clear();
      append_number(bound, base::to_seconds(family.bounds[i]));
    }
    count += value.buckets[i];
    append_start(out, family.name, "_bucket", labels, bound);
    append_number(out, count);
    out += '\n';
  }
  append_start(out, family.name, "_sum", labels);
  append_number(out, static_cast<double>(value.sum_nanos) / 1e9);
  out += '\n';
  append_start(out, family.name, "_count", labels);
  append_number(out, count);
  out += '\n';
}

void append_sample(std::string& out, const Family& family, const Sample& sample) {
  if (const auto* histogram = std::get_if<HistogramValue>(&sample.value)) {
    append_histogram(out, family, *sample.label_text, *histogram);
    return;
  }
  append_start(out, family.name, "", *sample.label_text);
  std::visit(
      [&](const auto& value) {
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>) append_number(out, value);
      },
      sample.value);
  out += '\n';
}

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
    for (const Sample& sample : snapshot.samples) append_sample(out, family, sample);
  }
}

}  // namespace archestra::telemetry
