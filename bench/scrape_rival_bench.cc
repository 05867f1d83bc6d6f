// A page of metrics as Prometheus scrapes it, by us and by prometheus-cpp: the same families, labels, buckets
// and counts, which it is given by reading our page.
#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "filled_set.h"
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/runtime/heap.h"

namespace archestra::rival {
namespace {

constexpr std::size_t kLabelSets = 700;  // of some 145 series each

/// Lines that are samples.
std::size_t series_of(std::string_view page) {
  std::size_t series = 0;
  for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1) series += page[at] != '#' ? 1 : 0;
  return series;
}

/// Our metrics of one shard.
class Ours {
 public:
  Ours() {
    telemetry::SampleCall sample;
    for (std::size_t i = 0; i < kLabelSets; ++i) {
      const std::string model = "model-" + std::to_string(i);
      sample.call.requested_model = model;
      fill_set(shard_, sample);
    }
    scrape_.collect();  // what it keeps from scrape to scrape is there, too
  }
  /// In one piece, as theirs is made; it is sent in small ones.
  std::string_view write_page() {
    page_.clear();
    telemetry::Exposition exposition(telemetry::ExpositionFormat::kText, scrape_.collect());
    while (exposition.append_piece(page_)) {
    }
    return page_.bytes();
  }

 private:
  telemetry::LabelBudgets budgets_{kLabelSets};
  telemetry::ShardMetrics shard_{budgets_};
  telemetry::Scrape scrape_{{&shard_.series()}, "1"};
  telemetry::ByteBuffer page_;
};

double number(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ARCHESTRA_ASSERT(error == std::errc() && end == text.data() + text.size(), "our page has numbers");
  return value;
}

/// One line of a page: `name{label="value",...} number`, without escapes.
struct Sample {
  explicit Sample(std::string_view line) {
    const std::size_t space = line.rfind(' ');
    value = number(line.substr(space + 1));
    line = line.substr(0, space);
    const std::size_t brace = std::min(line.find('{'), line.size());
    name = line.substr(0, brace);
    for (std::string_view rest = line.substr(std::min(brace + 1, line.size())); rest.contains('=');) {
      const std::size_t equals = rest.find("=\"");
      const std::size_t quote = rest.find('"', equals + 2);
      labels.emplace(rest.substr(0, equals), rest.substr(equals + 2, quote - equals - 2));
      rest = rest.substr(std::min(quote + 2, rest.size()));
    }
  }
  std::string_view name;
  prometheus::Labels labels;
  double value = 0;
};

/// The samples of a page by their names and labels. Bounds are compared as numbers: there are two ways to
/// write them.
std::map<std::string, double> samples_of(std::string_view page) {
  std::map<std::string, double> samples;
  for (std::size_t at = 0; at < page.size();) {
    const std::string_view line = page.substr(at, page.find('\n', at) - at);
    at += line.size() + 1;
    if (line.starts_with('#')) continue;
    const Sample sample(line);
    std::string key(sample.name);
    for (const auto& [name, value] : sample.labels)
      key.append("\n").append(name).append("=").append(name == "le" ? std::to_string(number(value)) : value);
    samples.emplace(std::move(key), sample.value);
  }
  return samples;
}

/// A sample that one page has and the other has not; "" for none. Theirs has no summaries, which are a
/// handful.
std::string difference(std::string_view our_page, std::string_view their_page) {
  const auto ours = samples_of(our_page);
  const auto theirs = samples_of(their_page);
  for (const auto& [key, value] : theirs) {
    const auto found = ours.find(key);
    // Not all doubles that theirs writes are read back as they were.
    if (found == ours.end() || std::abs(found->second - value) > 1e-12 * std::abs(value))
      return key + "\n" + std::to_string(value);
  }
  return theirs.size() + 100 > ours.size() ? "" : "theirs has too few";
}

/// prometheus-cpp's metrics, with what a page of ours says. Summaries are left out: their quantiles cannot be
/// told to it.
class Theirs {
 public:
  explicit Theirs(std::string_view page) {
    for (std::size_t at = 0; at < page.size();) {
      const std::size_t end = page.find('\n', at);
      add_line(page.substr(at, end - at));
      at = end + 1;
    }
  }
  std::string write_page() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  void add_line(std::string_view line) {
    if (line.starts_with("# HELP ")) {
      const std::string_view rest = line.substr(7);
      const std::size_t space = rest.find(' ');
      name_ = rest.substr(0, space);
      help_ = rest.substr(space + 1);
    } else if (line.starts_with("# TYPE ")) {
      begin_family(line.substr(line.rfind(' ') + 1));
    } else {
      add_sample(Sample(line));
    }
  }
  void begin_family(std::string_view type) {
    counters_ = nullptr;
    gauges_ = nullptr;
    histograms_ = nullptr;
    if (type == "counter")
      counters_ = &prometheus::BuildCounter().Name(name_).Help(help_).Register(registry_);
    else if (type == "gauge")
      gauges_ = &prometheus::BuildGauge().Name(name_).Help(help_).Register(registry_);
    else if (type == "histogram")
      histograms_ = &prometheus::BuildHistogram().Name(name_).Help(help_).Register(registry_);
  }
  void add_sample(Sample sample) {
    if (counters_ != nullptr) return counters_->Add(sample.labels).Increment(sample.value);
    if (gauges_ != nullptr) return gauges_->Add(sample.labels).Set(sample.value);
    if (histograms_ != nullptr) add_to_histogram(std::move(sample));
  }
  /// Its lines come one after the other: buckets, sum, count.
  void add_to_histogram(Sample sample) {
    if (const auto bound = sample.labels.find("le"); bound != sample.labels.end()) {
      if (bound->second != "+Inf") bounds_.push_back(number(bound->second));
      counts_.push_back(sample.value - seen_);
      seen_ = sample.value;
    } else if (sample.name.ends_with("_sum")) {
      sum_ = sample.value;
    } else {
      histograms_->Add(sample.labels, bounds_).ObserveMultiple(counts_, sum_);
      bounds_.clear();
      counts_.clear();
      seen_ = 0;
    }
  }

  prometheus::Registry registry_;
  std::string name_;
  std::string help_;
  prometheus::Family<prometheus::Counter>* counters_ = nullptr;
  prometheus::Family<prometheus::Gauge>* gauges_ = nullptr;
  prometheus::Family<prometheus::Histogram>* histograms_ = nullptr;
  prometheus::Histogram::BucketBoundaries bounds_;
  std::vector<double> counts_;
  double seen_ = 0;
  double sum_ = 0;
};

std::size_t heap_bytes() { return static_cast<std::size_t>(telemetry::read_heap().used_bytes); }

/// What `make` makes, and how much of the heap it takes.
template <class Make>
auto weighed(Make make, std::size_t& bytes) {
  const std::size_t before = heap_bytes();
  auto made = make();
  bytes = heap_bytes() - before;
  return made;
}

template <class Metrics>
void measure_pages(benchmark::State& state, Metrics& metrics, std::size_t bytes) {
  std::size_t page_bytes = 0;
  for (auto _ : state) {
    const auto& page = metrics.write_page();
    benchmark::DoNotOptimize(page.data());
    page_bytes = page.size();
  }
  const auto series = static_cast<double>(series_of(metrics.write_page()));
  state.counters["series"] = series;
  state.counters["series_bytes"] = static_cast<double>(bytes) / series;
  state.counters["bytes"] = static_cast<double>(page_bytes);
}

void scrape_ours(benchmark::State& state) {
  std::size_t bytes = 0;
  const auto ours = weighed([] { return std::make_unique<Ours>(); }, bytes);
  measure_pages(state, *ours, bytes);
}
BENCHMARK(scrape_ours)->Unit(benchmark::kMillisecond);

void scrape_prometheus_cpp(benchmark::State& state) {
  const std::string page(Ours().write_page());
  std::size_t bytes = 0;
  const auto theirs = weighed([&] { return std::make_unique<Theirs>(page); }, bytes);
  if (const std::string found = difference(page, theirs->write_page()); !found.empty())
    return state.SkipWithError(("the pages do not say the same: " + found).c_str());
  measure_pages(state, *theirs, bytes);
}
BENCHMARK(scrape_prometheus_cpp)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace archestra::rival
