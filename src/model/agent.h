// Whom a call is made for: a name, labels, settings. An immutable value; a change makes a new one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace archestra::model {

struct Label {
  std::string key;    ///< as the user wrote it, 1-63 characters
  std::string value;  ///< 0-255 characters
};

struct Agent {
  base::Uuid id;
  std::string id_text;  ///< `id` in its text form, made once because every span and series shows it
  std::string name;
  std::vector<Label> labels;
};

/// Shared between shards as part of a snapshot; never changed after publication.
using AgentRef = std::shared_ptr<const Agent>;

/// An agent whose `id_text` agrees with its `id`.
AgentRef make_agent(base::Uuid id, std::string name, std::vector<Label> labels = {});

}  // namespace archestra::model
