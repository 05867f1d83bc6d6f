#include "telemetry/metrics/policy_set_metrics.h"

namespace archestra::telemetry {

PolicySetMetrics::PolicySetMetrics() {
  series_.publish(Metric::kPolicySetLoads, {"success"}, &successes_);
  series_.publish(Metric::kPolicySetLoads, {"error"}, &errors_);
  series_.publish(Metric::kPolicySetFailing, {}, &failing_);
}

void PolicySetMetrics::count_success() {
  successes_.add();
  failing_.set(0);
}

void PolicySetMetrics::count_failure() {
  errors_.add();
  failing_.set(1);
}

}  // namespace archestra::telemetry
