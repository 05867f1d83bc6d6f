#include "telemetry/otlp/request_frame.h"

#include <algorithm>
#include <cstdint>

#include "telemetry/otlp/attribute_names.h"
#include "telemetry/otlp/attributes.h"
#include "telemetry/proto_writer.h"

namespace archestra::telemetry::otlp {
namespace {

// Field numbers: those of the traces, which are those of the other signals.
constexpr std::uint32_t kRequestResourceSpans = 1;
constexpr std::uint32_t kResourceSpansResource = 1;
constexpr std::uint32_t kResourceSpansScopeSpans = 2;
constexpr std::uint32_t kResourceAttributes = 1;
constexpr std::uint32_t kScopeSpansScope = 1;
constexpr std::uint32_t kScopeSpansSchemaUrl = 3;
constexpr std::uint32_t kScopeName = 1;
constexpr std::uint32_t kScopeVersion = 2;

std::string resource_field(const Resource& resource) {
  ProtoWriter out;
  const auto message = out.begin_message(kResourceSpansResource);
  AttributeWriter attributes(out, kResourceAttributes);
  attributes.string("service.name", resource.service_name);
  const auto put_default = [&](std::string_view key, std::string_view value) {
    const bool is_given =
        std::ranges::any_of(resource.attributes, [&](const auto& each) { return each.first == key; });
    if (!is_given) attributes.string_unless_empty(key, value);
  };
  put_default("service.version", resource.service_version);
  put_default("service.instance.id", resource.service_instance_id);
  for (const auto& [key, value] : resource.attributes)
    if (key != "service.name" && !key.starts_with("telemetry.sdk.")) attributes.string(key, value);
  attributes.string("telemetry.sdk.name", "archestra");
  attributes.string("telemetry.sdk.language", "cpp");
  attributes.string("telemetry.sdk.version", ARCHESTRA_VERSION);
  out.end_message(message);
  return std::string(out.bytes());
}

std::string scope_field() {
  ProtoWriter out;
  const auto scope = out.begin_message(kScopeSpansScope);
  out.string_field(kScopeName, "archestra");
  out.string_field(kScopeVersion, ARCHESTRA_VERSION);
  out.end_message(scope);
  return std::string(out.bytes());
}

std::string schema_field() {
  ProtoWriter out;
  out.string_field(kScopeSpansSchemaUrl, kSchemaUrl);
  return std::string(out.bytes());
}

/// Takes a text behind its length in bytes, a varint; nothing where it is not whole.
std::optional<std::string> take_text(std::string_view& bytes) {
  std::uint64_t size = 0;
  for (int shift = 0; !bytes.empty() && shift < 63; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    size |= std::uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) != 0) continue;
    if (size > bytes.size()) return std::nullopt;
    std::string text(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return text;
  }
  return std::nullopt;
}

}  // namespace

RequestFrame::RequestFrame(const Resource& resource)
    : resource_(resource_field(resource)), scope_(scope_field()), schema_(schema_field()) {}

std::string RequestFrame::prefix(std::size_t items_bytes) const {
  const std::size_t scope_spans = scope_.size() + items_bytes + schema_.size();
  const std::size_t resource_spans =
      resource_.size() + length_field_size(kResourceSpansScopeSpans, scope_spans);
  constexpr std::size_t kLengthMax = 1 + 10;
  std::string out(2 * kLengthMax + resource_.size() + scope_.size(), '\0');
  char* at = put_length(out.data(), kRequestResourceSpans, resource_spans);
  at = put_length(put_bytes(at, resource_), kResourceSpansScopeSpans, scope_spans);
  at = put_bytes(at, scope_);
  out.resize(static_cast<std::size_t>(at - out.data()));
  return out;
}

std::string RequestFrame::packed() const {
  std::string out;
  for (const std::string* part : {&resource_, &scope_, &schema_}) {
    char length[10];
    out.append(length, put_varint(length, part->size())).append(*part);
  }
  return out;
}

std::optional<RequestFrame> RequestFrame::unpack(std::string_view bytes) {
  RequestFrame frame;
  for (std::string* const part : {&frame.resource_, &frame.scope_, &frame.schema_}) {
    std::optional<std::string> text = take_text(bytes);
    if (!text) return std::nullopt;
    *part = std::move(*text);
  }
  if (!bytes.empty()) return std::nullopt;
  return frame;
}

}  // namespace archestra::telemetry::otlp
