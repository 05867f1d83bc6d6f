// Series out of the slots of a snapshot: filtered, grouped, with percentiles for each step. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/history/history.h"

namespace archestra::telemetry {

/// Steps of time, the last of which is not over yet.
struct Window {
  std::int64_t begin;  ///< of the first step, as the slots count seconds
  std::int64_t step;   ///< seconds; a multiple of the snapshot's
  std::size_t count;

  static Window until(std::int64_t now, std::int64_t step, std::size_t count) {
    return {.begin = now - now % step - static_cast<std::int64_t>(count - 1) * step,
            .step = step,
            .count = count};
  }
  /// The step that a time lies in, none where it lies before.
  std::optional<std::size_t> step_of(std::int64_t time) const {
    if (time < begin) return std::nullopt;
    const auto index = static_cast<std::size_t>((time - begin) / step);
    return index < count ? std::optional(index) : std::nullopt;
  }
};

/// Whether `text` is key, colon and value of a label.
bool is_label(std::string_view text, std::string_view key, std::string_view value);

/// Which label sets count.
struct SetFilter {
  std::optional<std::string> provider = {};
  std::optional<std::string> model = {};
  std::optional<std::string> agent_id = {};
  std::optional<std::string> label = {};  ///< key:value

  bool matches(const LabelSet& set) const;
};

enum class GroupBy : std::uint8_t { kNone, kProvider, kModel, kAgent, kLabel };

struct Grouping {
  GroupBy by = GroupBy::kNone;
  std::string label_key = {};  ///< with kLabel
  std::size_t groups_max = 20;
};

using Measured = std::array<std::optional<Percentiles>, kMeasures>;

struct FigureSeries {
  std::string key = {};   ///< of its group; a label that a set lacks has the value ""
  std::string name = {};  ///< the key, or what the agent was called last
  Counts totals = {};
  Measured measured = {};  ///< of all steps
  std::vector<Counts> steps = {};
  std::vector<Measured> measured_steps = {};
};

struct Overview {
  FigureSeries all;
  std::vector<FigureSeries> groups;  ///< by their calls, the most first
  std::size_t folded_groups = 0;     ///< which were left out
  std::uint64_t folded_calls = 0;    ///< in label sets for what found no place
};

Overview make_overview(const SeriesSnapshot& snapshot, const Window& window, const SetFilter& filter,
                       const Grouping& grouping);

/// The calls of each agent that had any.
struct AgentSeries {
  std::string agent_id;
  Counts totals;
  std::vector<std::uint64_t> calls;  ///< in each step
};
std::vector<AgentSeries> make_agent_series(const SeriesSnapshot& snapshot, const Window& window);

/// Sorted, each once; without what stands for sets that found no place.
struct Dimensions {
  std::vector<std::string> providers;
  std::vector<std::string> models;
  std::vector<std::string> label_keys;
};
Dimensions make_dimensions(const SeriesSnapshot& snapshot);

}  // namespace archestra::telemetry
