#include "app/metrics_page.h"

namespace archestra::app {
namespace {

// The fastest: names and labels repeat so much that it finds nearly all there is.
constexpr int kGzipLevel = 1;

}  // namespace

MetricsPage::MetricsPage(telemetry::Telemetry& telemetry, telemetry::ExpositionFormat format, Zipped zipped)
    : telemetry_(telemetry), format_(format) {
  if (zipped == Zipped::kYes) gzip_.emplace(kGzipLevel);
}

std::optional<std::string_view> MetricsPage::next() {
  if (!exposition_) exposition_.emplace(format_, telemetry_.collect_metrics());
  piece_.clear();
  zipped_.clear();
  if (exposition_->append_piece(piece_)) {
    if (!gzip_) return piece_.bytes();
    gzip_->encode(piece_.bytes(), zipped_);
    return zipped_;
  }
  if (!gzip_) return std::nullopt;
  gzip_->finish(zipped_);
  gzip_.reset();
  return zipped_;
}

}  // namespace archestra::app
