#include "telemetry/log/line_fields.h"

#include <cstring>

#include "base/json_text.h"
#include "base/logfmt.h"

namespace archestra::telemetry {
namespace {

char* copied(char* at, std::string_view text) {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

template <class Write>
void LineFields::put(std::string_view key, std::size_t value_bytes_max, Write write) {
  const std::size_t before = out_.size();
  out_.resize_and_overwrite(before + key.size() + 4 + value_bytes_max, [&](char* text, std::size_t) {
    char* at = text + before;
    if (is_json_) {
      *at++ = is_first_ ? '{' : ',';
      *at++ = '"';
      at = copied(copied(at, key), "\":");
    } else {
      if (!is_first_) *at++ = ' ';
      at = copied(copied(at, key), "=");
    }
    return static_cast<std::size_t>(write(at) - text);
  });
  is_first_ = false;
}

void LineFields::start(std::string_view key) {
  put(key, 0, [](char* at) { return at; });
}

void LineFields::text(std::string_view key, std::string_view value) {
  if (!is_json_) {
    start(key);
    return base::append_logfmt_text(out_, value);
  }
  if (base::plain_prefix(value) != value.size()) {
    start(key);
    return base::append_json_string(out_, value);
  }
  put(key, value.size() + 2, [&](char* at) {
    *at++ = '"';
    at = copied(at, value);
    *at++ = '"';
    return at;
  });
}

void LineFields::number(std::string_view key, std::uint64_t value) {
  put(key, kDigitsMax, [&](char* at) { return std::to_chars(at, at + kDigitsMax, value).ptr; });
}

void LineFields::boolean(std::string_view key, bool value) {
  put(key, 5, [&](char* at) { return copied(at, value ? "true" : "false"); });
}

// Printed as integers, which is cheaper than as a double.
void LineFields::milliseconds(std::string_view key, base::Duration value) {
  put(key, kDigitsMax + 5, [&](char* at) {
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

void LineFields::time(std::string_view key, base::WallTime value) {
  start(key);
  if (is_json_) out_ += '"';
  base::append_iso_time(out_, value);
  if (is_json_) out_ += '"';
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

void LineFields::list(std::string_view key, std::span<const std::string_view> values) {
  if (!is_json_) {
    std::string joined;
    for (const std::string_view value : values) joined.append(joined.empty() ? "" : ",").append(value);
    return text(key, joined);
  }
  start(key);
  char separator = '[';
  for (const std::string_view value : values) {
    out_ += separator;
    base::append_json_string(out_, value);
    separator = ',';
  }
  out_ += ']';
}

void LineFields::labels(std::string_view key, std::span<const LabelView> labels) {
  if (!is_json_) {
    for (const LabelView& label : labels) {
      out_.append(" ").append(key).append(".");
      base::append_logfmt_key(out_, label.key);
      out_ += '=';
      base::append_logfmt_text(out_, label.value);
    }
    return;
  }
  start(key);
  char separator = '{';
  for (const LabelView& label : labels) {
    out_ += separator;
    base::append_json_string(out_, label.key);
    out_ += ':';
    base::append_json_string(out_, label.value);
    separator = ',';
  }
  out_ += '}';
}

}  // namespace archestra::telemetry
