#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/json_text.h"
#include "http/sse.h"
#include "providers/gemini/answer_chunk.h"
#include "providers/gemini/partial_args.h"
#include "providers/gemini/strict_members.h"
#include "providers/gemini/tools.h"
#include "providers/json_splice.h"

namespace archestra::providers::gemini {
namespace {

using json::View;

void append_text_part(std::string& out, std::string_view text) {
  out += R"({"text":)";
  base::append_json_string(out, text);
  out += '}';
}

void append_answer_with(std::string& out, std::string_view text) {
  out += R"({"candidates":[{"content":{"parts":[)";
  append_text_part(out, text);
  out += R"(],"role":"model"},"finishReason":"STOP","index":0}]})";
}

// The parts of a candidate without its calls.
std::string without_calls(const Candidate& candidate, std::string_view text) {
  std::string parts;
  json::rewrite_array(candidate.parts, parts, [&text](View part, std::string& out) {
    if (!is_call(part)) return json::Rewrite::kKeep;
    if (text.empty()) return json::Rewrite::kDrop;
    append_text_part(out, text);
    text = {};
    return json::Rewrite::kReplaced;
  });
  // Content without a part is none to Google's SDKs, which forget the whole turn for it.
  if (parts == "[]") parts = R"([{"text":""}])";
  return parts;
}

class Reader final : public ToolCallReader {
 public:
  explicit Reader(ChunkForm asked) : form_(asked) {}

  EventKind on_event(std::string_view raw) override {
    if (!is_form_known_) note_form(raw);
    const Event event = read(raw);
    const EventKind kind = event.is_empty ? EventKind::kHarmless : take(event.chunk);
    is_form_known_ |= kind != EventKind::kHarmless;  // from here on it may be written
    return kind;
  }

  EventKind on_body(std::string_view body, std::size_t slack) override {
    return take(read_chunk(body, slack));
  }

  void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) override {
    const Event event = raw.empty() ? Event{} : read(raw);
    if (event.is_empty) {
      out.append(raw);
      return;
    }
    const std::optional<AnswerChunk>& chunk = event.chunk;
    std::string rewritten;
    if (!chunk) {
      if (!candidates_with_text_.insert(0).second) return;
      append_answer_with(rewritten, refusal);
      if (form_ == ChunkForm::kElements)
        out += rewritten;
      else
        http::append_sse(out, "", rewritten);
      return;
    }
    if (!chunk->has_calls()) {
      out.append(raw);
      return;
    }
    if (!append_refused(event.data, *chunk, refusal, rewritten)) return;
    if (form_ == ChunkForm::kElements)
      out += rewritten;
    else
      http::append_sse_with_data(out, raw, rewritten);
  }

  void refuse_body(std::string_view body, std::string_view refusal, std::string& out) override {
    const std::optional<AnswerChunk> chunk = read_chunk(body, 0);
    if (chunk && chunk->has_calls())
      append_refused(body, *chunk, refusal, out);
    else
      append_answer_with(out, refusal);
  }

 private:
  // There are no more candidates (candidateCount).
  static constexpr std::size_t kOpenCallsMax = 8;

  // The last call of a candidate, while more of it is to come.
  struct OpenCall {
    std::size_t call;
    PartialArgs args;
  };

  struct Event {
    bool is_empty = false;
    std::string_view data = {};
    std::optional<AnswerChunk> chunk = std::nullopt;  // none: it makes no sense
  };

  // Elements may begin as events do, and the other way round.
  static bool is_event(std::string_view raw) { return raw.ends_with('\n') || raw.ends_with('\r'); }

  void note_form(std::string_view raw) {
    if (is_event(raw) && !http::sse_data(raw, scratch_)) return;
    form_ = is_event(raw) ? ChunkForm::kEvents : ChunkForm::kElements;
    is_form_known_ = true;
  }

  Event read(std::string_view raw) {
    if (!is_event(raw)) return read_data(raw, ChunkForm::kElements);
    // Google's SDKs read some lines that are to be ignored: one that is a chunk without a field's name, and a
    // name behind a space.
    if (!http::is_well_formed_sse(raw)) return {};
    const std::optional<std::string_view> data = http::sse_data(raw, scratch_);
    if (!data || data->empty() || *data == "[DONE]") return {.is_empty = true};
    return read_data(*data, ChunkForm::kEvents);
  }

  // What comes in the other form than what was before makes no sense, whatever it says.
  Event read_data(std::string_view data, ChunkForm form) const {
    if (form != form_) return {};
    return {.data = data, .chunk = read_chunk(data, 0)};
  }

  EventKind take(const std::optional<AnswerChunk>& chunk) {
    if (!chunk) return EventKind::kUnread;
    bool took_all = true;
    for (const Candidate& candidate : chunk->candidates)
      for (const FunctionCall& call : candidate.calls) took_all &= take_call(call, candidate.index);
    if (!took_all) return EventKind::kUnread;
    return chunk->has_calls() ? EventKind::kToolCall : EventKind::kHarmless;
  }

  // False where the call makes no sense here, or there are too many to keep.
  bool take_call(const FunctionCall& call, std::uint64_t candidate) {
    const auto open = open_.find(candidate);
    if (!call.name) {
      if (open != open_.end()) return take_piece(call, candidate, open->second), true;
      // The end of one that has ended already.
      return is_null(call.args) && is_null(call.partial_args) && !call.will_continue;
    }
    if (open != open_.end()) open_.erase(open);  // its arguments stay unreadable
    if (calls_.size() == kCallsMax || open_.size() == kOpenCallsMax || !has_room_for(*call.name))
      return false;
    calls_.emplace_back(*call.name);
    if (is_null(call.partial_args) && !call.will_continue) {
      take_args(call.args, calls_.back());
    } else {
      OpenCall& begun = open_.try_emplace(candidate, OpenCall{calls_.size() - 1, {}}).first->second;
      take_piece(call, candidate, begun);
    }
    return true;
  }

  void take_args(View args, ToolCall& call) {
    if (is_null(args)) return;
    call.arguments_are_readable = args.is(View::Kind::kObject) && has_room_for(args.raw());
    if (call.arguments_are_readable) call.arguments = args.raw();
  }

  void take_piece(const FunctionCall& piece, std::uint64_t candidate, OpenCall& open) {
    ToolCall& call = calls_[open.call];
    // Unreadable until the last piece has come, and for ever once a piece has made no sense, which `broken_`
    // keeps: arguments in both forms, and values that have no place.
    bool makes_sense = !broken_.contains(open.call);
    makes_sense &= is_null(piece.args) || piece.args.members().begin() == piece.args.members().end();
    bool continues = piece.will_continue;
    for (const View value : piece.partial_args.elements()) {
      bool value_continues = false;
      makes_sense = makes_sense && has_room_for(value.raw()) && open.args.add(value, value_continues);
      continues |= value_continues;
    }
    if (!makes_sense) {
      broken_.insert(open.call);
      open.args = {};
    }
    call.arguments_are_readable = !continues && makes_sense;
    if (call.arguments_are_readable) call.arguments = open.args.text();
    if (!continues) open_.erase(candidate);
  }

  bool has_room_for(std::string_view text) {
    if (text.size() > kArgumentBytesMax - bytes_) return false;
    bytes_ += text.size();
    return true;
  }

  // False where nothing is left of a chunk that only told of calls.
  bool append_refused(std::string_view text, const AnswerChunk& chunk, std::string_view refusal,
                      std::string& out) {
    std::vector<json::Splice> splices;
    bool leaves = chunk.has_feedback;
    for (const Candidate& candidate : chunk.candidates) {
      leaves |= candidate.has_finish_reason || candidate.other_parts > 0 || candidate.calls.empty();
      if (candidate.calls.empty()) continue;
      const bool has_text = !candidates_with_text_.insert(candidate.index).second;
      leaves |= !has_text;
      splices.emplace_back(candidate.parts.raw(), without_calls(candidate, has_text ? "" : refusal));
    }
    if (leaves) json::append_spliced(out, text, std::move(splices));
    return leaves;
  }

  std::map<std::uint64_t, OpenCall> open_;  // by candidate
  std::set<std::size_t> broken_;            // calls whose arguments could not be put together
  std::set<std::uint64_t> candidates_with_text_;
  std::size_t bytes_ = 0;  // of names and arguments
  ChunkForm form_;         // asked for, until the first chunk
  bool is_form_known_ = false;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<ToolCallReader> make_tool_call_reader(ChunkForm asked) {
  return std::make_unique<Reader>(asked);
}

}  // namespace archestra::providers::gemini
