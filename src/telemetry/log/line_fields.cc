#include "telemetry/log/line_fields.h"

#include <algorithm>

#include "base/logfmt.h"

namespace archestra::telemetry {

void LineFields::make_room(std::size_t bytes) {
  const auto size = static_cast<std::size_t>(at_ - out_.data());
  out_.resize_and_overwrite(size + std::max(bytes, kRoomMin), [](char*, std::size_t room) { return room; });
  at_ = out_.data() + size;
  end_ = out_.data() + out_.size();
}

void LineFields::start(std::string_view key) {
  put(key, 0, [](char* at) { return at; });
}

void LineFields::text_with_escapes(std::string_view key, std::string_view value) {
  start(key);
  append([&](std::string& out) {
    if (is_json_)
      base::append_json_string(out, value);
    else
      base::append_logfmt_text(out, value);
  });
}

void LineFields::boolean(FieldName name, bool value) {
  put(name.key, 5, [&](char* at) { return copied(at, value ? "true" : "false"); });
}

// Printed as integers, which is cheaper than as a double.
void LineFields::milliseconds(FieldName name, base::Duration value) {
  put(name.key, kDigitsMax + 5, [&](char* at) {
    const std::int64_t micros = value.count() / 1000;
    if (micros < 0) *at++ = '-';
    const auto size = static_cast<std::uint64_t>(micros < 0 ? -micros : micros);
    at = std::to_chars(at, at + kDigitsMax, size / 1000).ptr;
    if (size % 1000 == 0) return at;
    *at++ = '.';
    for (const std::uint64_t unit : {100u, 10u, 1u}) *at++ = static_cast<char>('0' + size / unit % 10);
    while (at[-1] == '0') --at;
    return at;
  });
}

void LineFields::time(base::WallTime value) {
  start("time");
  append([&](std::string& out) {
    if (is_json_) out += '"';
    base::append_iso_time(out, value);
    if (is_json_) out += '"';
  });
}

void LineFields::hex_bytes(std::string_view key, std::span<const std::uint8_t> bytes) {
  put(key, 2 * bytes.size() + 2, [&](char* at) {
    if (is_json_) *at++ = '"';
    base::write_hex(bytes.data(), bytes.size(), at);
    at += 2 * bytes.size();
    if (is_json_) *at++ = '"';
    return at;
  });
}

void LineFields::list(FieldName name, std::span<const std::string_view> values) {
  if (!is_json_) {
    std::string joined;
    for (const std::string_view value : values) joined.append(joined.empty() ? "" : ",").append(value);
    return put_text(name.key, joined);
  }
  start(name.key);
  append([&](std::string& out) {
    char separator = '[';
    for (const std::string_view value : values) {
      out += separator;
      base::append_json_string(out, value);
      separator = ',';
    }
    out += ']';
  });
}

void LineFields::labels(std::span<const LabelView> labels) {
  constexpr std::string_view key = "labels";
  if (is_json_) start(key);
  append([&](std::string& out) {
    char separator = '{';
    for (const LabelView& label : labels) {
      if (is_json_) {
        out += separator;
        base::append_json_string(out, label.key);
        out += ':';
        base::append_json_string(out, label.value);
        separator = ',';
      } else {
        out.append(" ").append(key).append(".");
        base::append_logfmt_key(out, label.key);
        out += '=';
        base::append_logfmt_text(out, label.value);
      }
    }
    if (is_json_) out += '}';
  });
}

}  // namespace archestra::telemetry
