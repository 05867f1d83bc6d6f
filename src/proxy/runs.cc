#include "proxy/runs.h"

#include <charconv>

namespace archestra::proxy {

std::string_view ChunkSize::text(std::size_t bytes) {
  char* end = std::to_chars(line_.data(), line_.data() + 16, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {line_.data(), static_cast<std::size_t>(end - line_.data())};
}

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
