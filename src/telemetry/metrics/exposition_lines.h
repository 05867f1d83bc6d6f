// Lines that the text formats have in common: `name{labels} value`. Numbers and label values are written the
// same in both, so that Prometheus has the same series whichever it asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "telemetry/byte_buffer.h"
#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

enum class Exemplars : bool {
  kLeftOut,
  kWritten,  ///< as OpenMetrics 1.0 has them, on `_bucket` and `_total`
};

/// Writes the samples of one family. A page has some hundred thousand lines, most of them of histograms, so
/// what the lines of a family or of a sample have in common is put together once.
class FamilyLines {
 public:
  explicit FamilyLines(Exemplars exemplars) : exemplars_(exemplars) {}

  /// What follows is of this family, which outlives it.
  void begin(const Family& family);
  void write(ByteBuffer& out, const Sample& sample);

 private:
  void add_end(std::string_view label, double value);
  template <class T>
  void write_value(ByteBuffer& out, const T& number);
  void write_value(ByteBuffer& out, const HistogramFigures& value);
  void write_value(ByteBuffer& out, const SummaryValue* value);
  void begin_line(std::string_view suffix);
  template <class T>
  void write_line_end(ByteBuffer& out, std::size_t i, T number, const Exemplar* exemplar = nullptr);
  template <class T>
  void write_line(ByteBuffer& out, std::string_view suffix, T number, const Exemplar* exemplar = nullptr);
  const Exemplar* exemplar_of(std::size_t bucket) const;
  void write_exemplar(ByteBuffer& out, const Exemplar* exemplar);

  const Exemplars exemplars_;
  const Family* family_ = nullptr;
  std::vector<std::string> ends_;           // the last label of each bucket or quantile
  const SampleDetails* details_ = nullptr;  // these three of the sample that is being written
  std::string line_start_;
  std::string labels_;
};

/// Appends a bound or a quantile as a label has it: as Go writes it with %g, and with `.0` where it is whole
/// (OpenMetrics 1.0, "Considerations: Canonical Numbers").
void append_canonical(std::string& out, double value);

/// Appends `text` with backslash and line end escaped, and with each quote too where `quotes` says so.
enum class Quotes : bool { kAsTheyAre, kEscaped };
void append_help(ByteBuffer& out, std::string_view text, Quotes quotes);

}  // namespace archestra::telemetry
