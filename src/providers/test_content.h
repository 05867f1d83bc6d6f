// For tests of content: shows it in one line for each message, and drives a reader as the gate does.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "http/sse.h"
#include "http/test_splits.h"
#include "providers/content.h"

namespace archestra::providers {

inline constexpr ContentBounds kRoomyBounds{.text_bytes_max = 4096, .bytes_max = 65536};

inline std::string show(const ContentPart& part) {
  static constexpr std::string_view kKinds[] = {"text", "reasoning", "refusal", "call", "response",
                                                "blob", "uri",       "file",    "other"};
  std::string out(kKinds[static_cast<std::size_t>(part.kind)]);
  out += "(";
  for (const std::string* text : {&part.id, &part.name, &part.modality, &part.mime_type})
    if (!text->empty()) out.append(*text).append(" ");
  if (part.size > 0) out.append(std::to_string(part.size)).append(" ");
  out += part.text;
  return out.append(part.is_cut ? "...)" : ")");
}

/// "user: text(Hello)\n"; what was left out is counted.
inline std::string show(const ContentList& list) {
  std::string out;
  if (list.left_out() > 0) out.append(std::to_string(list.left_out())).append(" left out\n");
  for (const ContentMessage& message : list.messages()) {
    out += message.role;
    if (!message.name.empty()) out.append(" ").append(message.name);
    if (!message.finish_reason.empty()) out.append("/").append(message.finish_reason);
    out += ":";
    if (message.parts_left_out > 0) out.append(" -").append(std::to_string(message.parts_left_out));
    for (const ContentPart& part : message.parts) out.append(" ").append(show(part));
    out += "\n";
  }
  return out;
}

inline std::string show(const RequestContent& content) {
  std::string out = show(content.system) + show(content.input);
  for (const ToolDefinition& tool : content.tools)
    out.append(tool.type).append(" ").append(tool.name).append("\n");
  return out;
}

using MakeContentReader = std::unique_ptr<ContentReader> (*)(ContentBounds);

/// What a stream of events says, which must not depend on how it is cut.
inline std::string said_by_events(MakeContentReader make, std::string_view stream) {
  std::string said;
  bool is_first = true;
  http::for_each_split(stream, [&](const http::Pieces& pieces) {
    const auto reader = make(kRoomyBounds);
    http::SseReader events(stream.size() + 1);
    for (const std::string_view piece : pieces) {
      events.feed(piece);
      while (const auto event = events.next()) reader->on_event(http::ExactCopy(event->raw).view());
    }
    if (is_first) said = show(reader->output());
    is_first = false;
    EXPECT_EQ(show(reader->output()), said);
  });
  return said;
}

inline std::string said_by_body(MakeContentReader make, std::string_view body) {
  const auto reader = make(kRoomyBounds);
  reader->on_body(http::ExactCopy(body).view(), 0);
  return show(reader->output());
}

/// What comes when half of a stream, or a body that is none, has come: anything but a crash.
inline void read_every_beginning(MakeContentReader make, std::string_view stream) {
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto reader = make({.text_bytes_max = 8, .bytes_max = 600});
    const http::ExactCopy part(stream.substr(0, size));
    reader->on_event(part.view());
    reader->on_body(part.view(), 0);
    for (const ContentMessage& message : reader->output().messages())
      for (const ContentPart& one : message.parts) EXPECT_LE(one.text.size(), 8U);
  }
}

}  // namespace archestra::providers
