// Whom a call is made for: a name, labels, settings. An immutable value; a change makes a new one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::model {

struct Label {
  std::string key;    ///< as the user wrote it, 1-63 characters
  std::string value;  ///< 0-255 characters
  bool operator==(const Label&) const = default;
};

/// What becomes of the upstream call when its client leaves.
struct OnClientDisconnect {
  enum class Action : std::uint8_t {
    kCancel,  ///< it is broken off
    kDrain,   ///< it is read on for its usage, for at most `drain`
  };
  Action action = Action::kCancel;
  std::chrono::seconds drain{};  ///< 0 for kCancel
  bool operator==(const OnClientDisconnect&) const = default;
};

struct AgentSettings {
  bool consider_context_untrusted = false;
  bool deny_tools_in_untrusted_context = false;
  bool capture_content = false;
  OnClientDisconnect on_client_disconnect;
  bool operator==(const AgentSettings&) const = default;
};

struct Agent {
  base::Uuid id;
  std::string id_text;  ///< `id` in its text form, made once because every span and series shows it
  std::string name;
  std::vector<Label> labels;
  AgentSettings settings = {};
  bool is_default = false;      ///< handles the calls whose path names no agent
  base::WallTime created = {};  ///< this and the next to the microsecond, which is what a store keeps
  base::WallTime updated = {};
  bool operator==(const Agent&) const = default;
};

/// Shared between shards as part of a snapshot; never changed after publication.
using AgentRef = std::shared_ptr<const Agent>;

/// An agent whose `id_text` agrees with its `id`.
AgentRef make_agent(base::Uuid id, std::string name, std::vector<Label> labels = {});

}  // namespace archestra::model
