#include "proxy/runs.h"

namespace archestra::proxy {

void pack(const Runs& runs, Framed framed, Last last, ChunkSize& size, http_io::Outbox& box) {
  const bool chunked = framed == Framed::kChunked;
  if (chunked && !runs.empty()) box.add(size.text(runs.bytes()));
  for (std::string_view run : runs.all()) box.add(run);
  if (!chunked) return;
  if (last == Last::kYes)
    box.add(runs.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n");
  else if (!runs.empty())
    box.add("\r\n");
}

}  // namespace archestra::proxy
