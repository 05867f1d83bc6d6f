// The web UI as it was built with the program. Constant data; any thread.
#pragma once

#include "http/site.h"

namespace archestra::app {

/// Its files; none where the program was built without it (-DARCHESTRA_UI=OFF).
http::Site ui_site();

}  // namespace archestra::app
