// A made stream: events written one at a time into one buffer. What dialects share of it, the error
// event included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulator/body_source.h"

namespace archestra::simulator {

class EventStream : public BodySource {
 public:
  Piece next() final {
    text_.clear();
    if (error_event_ && sent_ == *error_event_) {
      write_error(text_, sent_);
      return {.text = text_, .last = true};
    }
    const Step step = write(text_, sent_++);
    return {.text = text_, .pace = step.pace, .last = step.last};
  }

 protected:
  struct Step {
    Pace pace = Pace::kAtOnce;
    bool last = false;
  };
  explicit EventStream(std::optional<std::uint32_t> error_event) : error_event_(error_event) {}

  /// Writes the next event, before which so many have gone.
  virtual Step write(std::string& out, std::uint64_t number) = 0;
  /// Writes the event that says that the answer broke off.
  virtual void write_error(std::string& out, std::uint64_t number) = 0;

 private:
  const std::optional<std::uint32_t> error_event_;
  std::uint64_t sent_ = 0;
  std::string text_;
};

}  // namespace archestra::simulator
