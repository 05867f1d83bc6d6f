// SIGTERM, SIGINT and SIGHUP as a wait: blocked in every thread, taken by the control thread.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"

namespace archestra::app {

/// Before any thread is made. Also ignores SIGPIPE: a peer that left is an error of a write.
void block_signals();
/// Waits for SIGTERM or SIGINT; the number of the one that came. After it, another SIGTERM changes nothing (a
/// supervisor may repeat itself), and a SIGINT ends the process at once (someone presses Ctrl-C again). For
/// each SIGHUP until then `on_hangup` is called; a terminal that closes ends nothing.
int wait_for_stop(const std::function<void()>& on_hangup);
/// The same, no longer than `limit`, and SIGHUP changes nothing.
std::optional<int> wait_for_stop(base::Duration limit);

}  // namespace archestra::app
