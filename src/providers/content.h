// What is said in a call, without the dialect that it was said in: messages of parts, with the nouns of
// OpenTelemetry's GenAI conventions. Read only for agents whose content is captured
// (docs/decisions/0013-what-is-captured.md). Texts are as they were sent: whoever lets one leave the shard
// takes the credentials out of it first. Everything is bounded while it is collected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/json_view.h"

namespace archestra::providers {

/// How much is kept.
struct ContentBounds {
  std::size_t text_bytes_max;  ///< of one text; what comes beyond it is not kept
  std::size_t bytes_max;       ///< of all parts of a request, and of all of a response
};

struct ContentPart {
  enum class Kind : std::uint8_t {
    kText,
    kReasoning,
    kRefusal,       ///< the model's own words for why it does not answer
    kToolCall,      ///< `text`: the arguments
    kToolResponse,  ///< `text`: the response
    kBlob,          ///< bytes within the message; they are not kept
    kUri,           ///< `text`: the URI
    kFile,          ///< `text`: the file's id with the provider
    kOther,         ///< `name`: what the dialect calls it
  };
  Kind kind = Kind::kText;
  bool is_json = false;  ///< `text` is meant to be JSON
  bool is_cut = false;   ///< `text` is the beginning of a longer one
  std::string text = {};
  std::string id = {};    ///< of a tool call
  std::string name = {};  ///< of a tool
  std::string modality = {};
  std::string mime_type = {};
  std::uint64_t size = 0;  ///< of a blob: its bytes
  std::uint64_t key = 0;   ///< for whoever puts it together: which of its kind in its message
  bool operator==(const ContentPart&) const = default;
};

struct ContentMessage {
  std::string role = {};  ///< system, user, assistant, tool, or another of the dialect's
  std::string name = {};
  std::string finish_reason = {};  ///< of a message of the response, in the words of the conventions
  std::vector<ContentPart> parts = {};
  std::size_t parts_left_out = 0;
  std::uint64_t index = 0;  ///< of a choice of the response
  bool operator==(const ContentMessage&) const = default;
};

/// A list of messages that forgets: of a request the first ones, of a response what comes last.
class ContentList {
 public:
  static constexpr std::size_t kMessagesMax = 4096;
  static constexpr std::size_t kPartBytes = 256;  ///< what a part counts beside its texts

  explicit ContentList(ContentBounds bounds) : bounds_(bounds) {}

  const std::vector<ContentMessage>& messages() const { return messages_; }
  std::size_t left_out() const { return left_out_; }  ///< messages before the first

  // --- A request, in its order: what came first is forgotten.

  void begin_message(std::string_view role, std::string_view name = {});
  /// To the message begun last; there is one.
  void add(ContentPart part);
  void add_text(ContentPart::Kind kind, json::View text);
  /// A tool's result that is a list: its texts are one, and each element besides them is for `add_other`.
  void add_response(ContentPart part, json::View elements, void (*add_other)(ContentList& list, json::View));
  /// The text of a string; of anything else but null its JSON.
  void add_value(ContentPart part, json::View value);

  // --- A response, in pieces: what comes when there is no room is not kept.

  /// The message of a choice; null where there are too many.
  ContentMessage* choice(std::uint64_t index);
  /// The part with this key among those of its kind; begins it where there is none. Null where there is no
  /// room.
  ContentPart* part(ContentMessage& message, ContentPart::Kind kind, std::uint64_t key);
  /// The last part if it is of this kind, else a new one.
  ContentPart* last_part(ContentMessage& message, ContentPart::Kind kind);
  void append(ContentPart& part, std::string_view text);
  /// In place of what is there.
  void set(ContentPart& part, std::string_view text);

  ContentBounds bounds() const { return bounds_; }

 private:
  ContentPart* new_part(ContentMessage& message, ContentPart::Kind kind, std::uint64_t key);
  void forget_first();

  ContentBounds bounds_;
  std::vector<ContentMessage> messages_;
  std::size_t left_out_ = 0;
  std::size_t bytes_ = 0;  // of all parts
};

struct ToolDefinition {
  std::string type;  ///< "function", or what the dialect calls it
  std::string name;
  bool operator==(const ToolDefinition&) const = default;
};

/// What a request says.
struct RequestContent {
  static constexpr std::size_t kToolsMax = 1024;

  explicit RequestContent(ContentBounds bounds) : system(bounds), input(bounds) {}

  ContentList system;  ///< one message: instructions that are no part of the history
  ContentList input;
  std::vector<ToolDefinition> tools;

  void add_tool(std::string_view type, json::View name);
};

/// Reads what a response says: gets what its ResponseScan gets. What makes no sense is left out.
class ContentReader {
 public:
  virtual ~ContentReader() = default;

  /// One whole server-sent event, raw, or one element of an array.
  virtual void on_event(std::string_view raw) = 0;
  /// The whole body of an answer that is no stream. `slack` readable bytes follow it.
  virtual void on_body(std::string_view body, std::size_t slack) = 0;

  /// One message for each choice. The finish reason is "" where it never came.
  const ContentList& output() const { return output_; }

 protected:
  explicit ContentReader(ContentBounds bounds) : output_(bounds) {}

  ContentList output_;
};

/// A blob for a data URL (RFC 2397), else a URI. `modality` may be "": then the type says it.
ContentPart media_part(std::string_view modality, json::View url, std::size_t bytes_max);
/// A blob of Base64.
ContentPart blob_part(std::string_view modality, std::string_view mime_type, json::View base64);
/// image, audio, video, or document.
std::string_view modality_of(std::string_view mime_type);

}  // namespace archestra::providers
