#include "providers/content.h"

#include <algorithm>
#include <utility>

namespace archestra::providers {
namespace {

using json::View;
using Kind = ContentPart::Kind;

constexpr std::size_t kChoicesMax = 128;
constexpr std::size_t kNameBytesMax = 256;

std::size_t bytes_of(const ContentPart& part) {
  return ContentList::kPartBytes + part.text.size() + part.id.size() + part.name.size() +
         part.modality.size() + part.mime_type.size();
}

// No character is cut in two: one that begins with the last bytes is left out.
std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

void cut(std::string& text, std::size_t bytes_max) { text.resize(beginning(text, bytes_max).size()); }

std::uint64_t base64_bytes(std::size_t characters) { return std::uint64_t{characters} / 4 * 3; }

}  // namespace

void ContentList::begin_message(std::string_view role, std::string_view name) {
  if (messages_.size() == kMessagesMax) {
    forget_first();
    if (messages_.size() == kMessagesMax) {
      messages_.erase(messages_.begin(), messages_.begin() + kMessagesMax / 2);
      left_out_ += kMessagesMax / 2;
      bytes_ = 0;
      for (const ContentMessage& message : messages_)
        for (const ContentPart& part : message.parts) bytes_ += bytes_of(part);
    }
  }
  messages_.push_back({.role = std::string(beginning(role, kNameBytesMax)),
                       .name = std::string(beginning(name, kNameBytesMax))});
}

void ContentList::add(ContentPart part) {
  part.is_cut |= part.text.size() > bounds_.text_bytes_max;
  cut(part.text, bounds_.text_bytes_max);
  for (std::string* name : {&part.id, &part.name, &part.modality, &part.mime_type}) cut(*name, kNameBytesMax);
  bytes_ += bytes_of(part);
  messages_.back().parts.push_back(std::move(part));
  // Rarely, so that each part is moved a few times at most.
  if (bytes_ > 2 * bounds_.bytes_max) forget_first();
}

void ContentList::forget_first() {
  std::size_t empty = 0;
  for (ContentMessage& message : messages_) {
    std::size_t parts = 0;
    for (; parts < message.parts.size() && bytes_ > bounds_.bytes_max; ++parts)
      bytes_ -= bytes_of(message.parts[parts]);
    message.parts.erase(message.parts.begin(), message.parts.begin() + static_cast<std::ptrdiff_t>(parts));
    message.parts_left_out += parts;
    if (!message.parts.empty() || &message == &messages_.back()) break;
    ++empty;
  }
  messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(empty));
  left_out_ += empty;
}

void ContentList::add_response(ContentPart part, View elements, void (*add_other)(ContentList&, View)) {
  const auto text_of = [](View element) {
    View text;
    const bool is_text = element.pick({{"text", &text}}) && text.is(View::Kind::kString);
    return is_text ? std::optional(text) : std::nullopt;
  };
  const std::size_t room = bounds_.text_bytes_max + 4;
  for (const View element : elements.elements())
    if (const auto text = text_of(element))
      part.text += text->text_up_to(room - std::min(part.text.size(), room));
  add(std::move(part));
  for (const View element : elements.elements())
    if (!text_of(element)) add_other(*this, element);
}

void ContentList::add_text(Kind kind, View text) { add_value({.kind = kind}, text); }

void ContentList::add_value(ContentPart part, View value) {
  if (value.is(View::Kind::kString)) {
    part.text = value.text_up_to(bounds_.text_bytes_max + 4);
  } else if (!value.is(View::Kind::kNull)) {
    part.text = value.raw().substr(0, bounds_.text_bytes_max + 4);
    part.is_json = true;
  }
  add(std::move(part));
}

ContentMessage* ContentList::choice(std::uint64_t index) {
  const auto found = std::ranges::find(messages_, index, &ContentMessage::index);
  if (found != messages_.end()) return &*found;
  if (messages_.size() == kChoicesMax) return nullptr;
  messages_.push_back({.role = "assistant", .index = index});
  return &messages_.back();
}

ContentPart* ContentList::new_part(ContentMessage& message, Kind kind, std::uint64_t key) {
  if (bytes_ + kPartBytes > bounds_.bytes_max) {
    ++message.parts_left_out;
    return nullptr;
  }
  bytes_ += kPartBytes;
  message.parts.push_back({.kind = kind, .key = key});
  return &message.parts.back();
}

ContentPart* ContentList::part(ContentMessage& message, Kind kind, std::uint64_t key) {
  const auto found = std::ranges::find_if(
      message.parts, [&](const ContentPart& part) { return part.kind == kind && part.key == key; });
  return found != message.parts.end() ? &*found : new_part(message, kind, key);
}

ContentPart* ContentList::last_part(ContentMessage& message, Kind kind) {
  if (!message.parts.empty() && message.parts.back().kind == kind) return &message.parts.back();
  return new_part(message, kind, message.parts.size());
}

void ContentList::append(ContentPart& part, std::string_view text) {
  if (part.is_cut) return;
  const std::size_t room =
      std::min(bounds_.text_bytes_max - std::min(part.text.size(), bounds_.text_bytes_max),
               bounds_.bytes_max - std::min(bytes_, bounds_.bytes_max));
  const std::string_view kept = beginning(text, room);
  part.is_cut = kept.size() < text.size();
  part.text.append(kept);
  bytes_ += kept.size();
}

void ContentList::set(ContentPart& part, std::string_view text) {
  bytes_ -= part.text.size();
  part.text.clear();
  part.is_cut = false;
  append(part, text);
}

void RequestContent::add_tool(std::string_view type, View name) {
  if (tools.size() == kToolsMax) return;
  tools.push_back(
      {.type = std::string(beginning(type, kNameBytesMax)), .name = name.text_up_to(kNameBytesMax)});
}

std::string_view modality_of(std::string_view mime_type) {
  for (const std::string_view modality : {"image", "audio", "video"})
    if (mime_type.starts_with(modality) && mime_type.substr(modality.size()).starts_with('/'))
      return modality;
  return "document";
}

ContentPart blob_part(std::string_view modality, std::string_view mime_type, View base64) {
  return {.kind = Kind::kBlob,
          .modality = std::string(modality.empty() ? modality_of(mime_type) : modality),
          .mime_type = std::string(mime_type),
          .size = base64.is(View::Kind::kString) ? base64_bytes(base64.raw().size() - 2) : 0};
}

ContentPart media_part(std::string_view modality, View url, std::size_t bytes_max) {
  const std::string head = url.text_up_to(kNameBytesMax);
  if (!head.starts_with("data:"))
    return {.kind = Kind::kUri,
            .text = url.text_up_to(bytes_max + 4),
            .modality = std::string(modality.empty() ? "document" : modality)};
  const std::string_view type = std::string_view(head).substr(5, head.find_first_of(";,") - 5);
  ContentPart part = blob_part(modality, type, url);
  const std::size_t comma = head.find(',');
  part.size -= comma == std::string::npos ? part.size : std::min(part.size, base64_bytes(comma + 1));
  return part;
}

}  // namespace archestra::providers
