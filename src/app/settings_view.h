// The configuration as the platform API shows it, handed from the control thread, which reads it, to the api
// thread, which is asked for it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "api/settings.h"
#include "app/config.h"

namespace archestra::app {

/// What is in force: of the settings that reload what was `taken_on` last, of others what the process
/// `started_with`. Without secrets.
api::EffectiveSettings settings_view(const Effective& started_with, const Effective& taken_on);

/// The newest view. Any thread.
class SettingsBoard {
 public:
  void show(api::EffectiveSettings settings) {
    auto next = std::make_shared<const api::EffectiveSettings>(std::move(settings));
    const std::scoped_lock lock(mutex_);
    shown_ = std::move(next);
  }
  std::shared_ptr<const api::EffectiveSettings> shown() const {
    const std::scoped_lock lock(mutex_);
    return shown_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const api::EffectiveSettings> shown_;
};

}  // namespace archestra::app
