// SIGTERM and SIGINT as a wait: blocked in every thread, taken by the control thread.
#pragma once

namespace archestra::app {

/// Before any thread is made. Also ignores SIGPIPE: a peer that left is an error of a write.
void block_signals();
/// Waits for SIGTERM or SIGINT; the number of the one that came. A second one after it ends the process at once.
int wait_for_stop();

}  // namespace archestra::app
