#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

Labels labels_of(const Series& series) {
  const Family& family = family_of(series.metric);
  const std::size_t given = series.base->values.size();
  ARCHESTRA_ASSERT(given == family.labels.size() || given + 1 == family.labels.size(),
                   "a recorder gives a value for each label of its family");
  Labels labels;
  for (std::size_t i = 0; i < family.labels.size(); ++i)
    labels.push_back({std::string(family.labels[i]), i < given ? series.base->values[i] : series.last});
  labels.insert(labels.end(), series.base->agent_labels.begin(), series.base->agent_labels.end());
  return labels;
}

}  // namespace archestra::telemetry
