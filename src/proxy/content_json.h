// Content as JSON text for a span: the shape of OpenTelemetry's GenAI conventions, redacted, then cut within
// parts so that what is left is whole JSON within its limit. What is nearest to the end of a list is worth
// most. What was cut says so: a part has "truncated":true, a message "parts_left_out", and the first one
// "messages_left_out", which are members that the conventions do not have and allow.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "policy/redactor.h"
#include "providers/content.h"

namespace archestra::proxy {

class ContentJson {
 public:
  /// Of a text that was cut before it came here, so much of its end is not shown: a credential that begins
  /// before that is whole, if it is no longer, and is seen.
  static constexpr std::size_t kMargin = std::size_t{16} << 10;

  /// What to collect so that `bytes_max` can be filled.
  static providers::ContentBounds bounds_for(std::size_t bytes_max) {
    return {.text_bytes_max = bytes_max + kMargin, .bytes_max = 2 * (bytes_max + kMargin)};
  }

  /// `secrets` are the caller's. All outlive it. `bytes_max`: of each text.
  ContentJson(const policy::Redactor& redactor, std::span<const std::string_view> secrets,
              std::size_t bytes_max)
      : redactor_(redactor), secrets_(secrets), bytes_max_(bytes_max) {}

  // Each is "" where there is nothing to tell.

  std::string input_messages(const providers::ContentList& list) const;
  std::string output_messages(const providers::ContentList& list) const;
  std::string system_instructions(const providers::ContentList& list) const;
  std::string tool_definitions(std::span<const providers::ToolDefinition> tools) const;

 private:
  class Budget;
  std::string messages(const providers::ContentList& list, bool is_output) const;
  std::string message(const providers::ContentMessage& message, bool is_output, Budget& budget) const;
  std::string parts(const providers::ContentMessage& message, Budget& budget, std::size_t& left_out) const;
  std::string part(const providers::ContentPart& part, Budget& budget) const;
  std::string value(const providers::ContentPart& part, std::size_t bytes_max, bool& is_cut) const;
  std::string redacted_json(providers::json::View value) const;
  std::string redacted(std::string_view text) const;
  void put_member(std::string& out, std::string_view name, std::string_view text) const;

  const policy::Redactor& redactor_;
  const std::span<const std::string_view> secrets_;
  const std::size_t bytes_max_;
};

}  // namespace archestra::proxy
