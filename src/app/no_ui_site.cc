// What takes the place of the web UI in a program without one.
#include "app/ui_site.h"

namespace archestra::app {

http::Site ui_site() { return {}; }

}  // namespace archestra::app
