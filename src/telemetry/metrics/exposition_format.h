// Which format /metrics is written in: what there is, and what a scraper's Accept asks for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace archestra::telemetry {

enum class ExpositionFormat : std::uint8_t {
  kText,         ///< Prometheus text 0.0.4
  kOpenMetrics,  ///< OpenMetrics text 1.0.0
  kProtobuf,     ///< io.prometheus.client.MetricFamily, each behind its length
};

struct NegotiatedFormat {
  ExpositionFormat format = ExpositionFormat::kText;
  std::string content_type;  ///< of the response
};

/// The first format that fits among the clauses of an Accept value (RFC 9110 section 12.5.1), those with a
/// higher q first, then those that come first. Version, encoding and protobuf message have to be ours. A
/// wildcard takes the first of the enumeration that no clause of its own excludes (q=0). Clauses that are
/// malformed are passed over; where nothing fits, there is text.
///
/// All our names are legal everywhere, so `escaping` changes nothing and is only repeated; but `dots` would,
/// and is answered as the default, underscores.
NegotiatedFormat negotiate_exposition(std::string_view accept);

}  // namespace archestra::telemetry
