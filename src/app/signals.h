// SIGTERM and SIGINT as a wait: blocked in every thread, taken by the control thread. SIGHUP changes nothing:
// a terminal that closes does not end a gateway, and there is nothing to reload yet.
#pragma once

namespace archestra::app {

/// Before any thread is made. Also ignores SIGPIPE: a peer that left is an error of a write.
void block_signals();
/// Waits for SIGTERM or SIGINT; the number of the one that came. After it, another SIGTERM changes nothing (a
/// supervisor may repeat itself), and a SIGINT ends the process at once (someone presses Ctrl-C again).
int wait_for_stop();

}  // namespace archestra::app
