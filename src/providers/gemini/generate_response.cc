#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <utility>
#include <vector>

#include "http/sse.h"
#include "providers/event_shape.h"
#include "providers/gemini/generate.h"
#include "providers/json.h"

namespace archestra::providers::gemini {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// More than any request may ask for (candidateCount is at most 8); a candidate beyond it is ignored.
constexpr std::uint64_t kCandidatesMax = 128;

// Token counts as Gemini names them. Each chunk repeats those so far; what it leaves out keeps its value.
struct Counts {
  std::uint64_t prompt = 0;  // without those of tools
  std::uint64_t tool_use_prompt = 0;
  std::uint64_t cached = 0;      // of the prompt
  std::uint64_t candidates = 0;  // without thoughts
  std::uint64_t thoughts = 0;
};
using Count = std::uint64_t Counts::*;

// What one chunk says. Views are of the parser's memory. Applied only once the chunk is known to be whole.
struct Chunk {
  Counts counts = {};                           // those before it, with its own
  std::bitset<kCandidatesMax> open_calls = {};  // likewise
  std::string_view model = {};
  std::string_view id = {};
  std::string_view error_type = {};
  std::vector<std::pair<std::size_t, std::string_view>> finish_reasons = {};  // by candidate
  std::uint32_t function_calls = 0;
  bool has_content = false;
  bool has_usage = false;
  bool is_blocked = false;

  // Where in the document the things begin that differ from one chunk with text to the next.
  const char* document = nullptr;
  const char* text = nullptr;
  struct CountPlace {
    const char* at;
    Count count;  // null for the total, which nobody asks for
  };
  std::array<CountPlace, EventShape::kGapsMax - 1> places = {};
  std::size_t place_count = 0;
  bool is_plain = true;  // to read it again would find nothing new but its content and counts
};

class GenerateScan final : public ResponseScan {
 public:
  explicit GenerateScan(Answer answer) : answer_(answer) {}

  Verdict on_event(std::string_view raw) override {
    EventShape::Counts counts;
    if (plain_chunk_.matches(raw, counts)) {
      for (std::size_t i = 0; i < plain_counts_.size(); ++i)
        if (plain_counts_[i] != nullptr) counts_.*plain_counts_[i] = counts[i];
      ++facts_.content_events;
      settle_usage();
      return Verdict::kPass;
    }
    // No line of an event with data begins like that: it is an element.
    const auto data = raw.starts_with('{') ? raw : http::sse_data(raw, scratch_);
    if (!data) return Verdict::kPass;
    Chunk chunk{.counts = counts_, .open_calls = open_calls_};
    if (!read(*data, 0, chunk)) return Verdict::kPass;
    apply(chunk);
    if (chunk.has_content) ++facts_.content_events;
    remember(raw, *data, chunk);
    return Verdict::kPass;
  }

  bool reads_array() const override { return answer_ == Answer::kStream; }

  void on_body(std::string_view body, std::size_t slack) override {
    Chunk chunk;
    if (read(body, slack, chunk)) apply(chunk);
  }

 private:
  void apply(const Chunk& chunk) {
    counts_ = chunk.counts;
    open_calls_ = chunk.open_calls;
    has_usage_ |= chunk.has_usage;
    if (facts_.model.empty()) facts_.model = chunk.model;
    if (facts_.id.empty()) facts_.id = chunk.id;
    if (!chunk.error_type.empty()) facts_.error_type = chunk.error_type;
    facts_.tool_calls += chunk.function_calls;
    for (const auto& [candidate, reason] : chunk.finish_reasons) {
      if (facts_.finish_reasons.size() <= candidate) facts_.finish_reasons.resize(candidate + 1);
      facts_.finish_reasons[candidate] = reason;
    }
    // There is no last event by name.
    facts_.ended |= chunk.is_blocked || !chunk.finish_reasons.empty();
    settle_usage();
  }

  void settle_usage() {
    if (!has_usage_) return;
    call::Usage& usage = facts_.usage;
    // What a stream says on its way is not its last word.
    const bool is_final = answer_ == Answer::kDocument || facts_.ended;
    usage.provenance = is_final ? call::Provenance::kProvider : call::Provenance::kEstimate;
    usage.input_tokens = counts_.prompt + counts_.tool_use_prompt;
    usage.output_tokens = counts_.candidates + counts_.thoughts;
    usage.cache_read_tokens = counts_.cached;
    usage.reasoning_tokens = counts_.thoughts;
  }

  // The shape is always that of the last chunk: an earlier one would bring back what was said since.
  void remember(std::string_view raw, std::string_view data, const Chunk& chunk) {
    plain_chunk_.forget();
    // Data of several lines is no piece of the event.
    if (!chunk.is_plain || chunk.text == nullptr || data.data() == scratch_.data()) return;
    struct Gap {
      std::size_t at;
      Count count;
    };
    std::array<Gap, EventShape::kGapsMax> gaps{};
    std::size_t size = 0;
    const auto add = [&](const char* at, Count count) {
      gaps[size++] = {static_cast<std::size_t>((data.data() - raw.data()) + (at - chunk.document)), count};
    };
    add(chunk.text, nullptr);
    for (std::size_t i = 0; i < chunk.place_count; ++i) add(chunk.places[i].at, chunk.places[i].count);
    const std::span used(gaps.data(), size);
    std::ranges::sort(used, {}, &Gap::at);
    plain_counts_.fill(nullptr);
    std::array<std::size_t, EventShape::kGapsMax> places{};
    for (std::size_t i = 0; i < size; ++i) {
      places[i] = gaps[i].at;
      plain_counts_[i] = gaps[i].count;
    }
    plain_chunk_.learn(raw, std::span<const std::size_t>(places.data(), size));
  }

  // --- Reading one chunk into values; false where the text is no JSON object

  static bool read(std::string_view text, std::size_t slack, Chunk& chunk) {
    json::ondemand::document document;
    if (json::read(text, slack).get(document)) return false;
    chunk.document = json::begin_of(document, text);
    return json::for_each_root_member(document, [&](raw_json_string key, value member) {
      if (key == "candidates") {
        read_candidates(member, chunk);
      } else if (key == "usageMetadata") {
        read_usage(member, chunk);
      } else if (key == "modelVersion") {
        chunk.model = json::as_string(member).value_or("");
      } else if (key == "responseId") {
        chunk.id = json::as_string(member).value_or("");
      } else if (key == "promptFeedback") {
        read_feedback(member, chunk);
      } else if (key == "error" && json::is_object(member)) {
        read_error(member, chunk);
      }
    });
  }

  static void read_candidates(value candidates, Chunk& chunk) {
    array list;
    if (candidates.get_array().get(list)) return;
    std::uint64_t position = 0;
    for (auto item : list) {
      object candidate;
      if (item.get_object().get(candidate)) return;
      read_candidate(candidate, position++, chunk);
    }
  }

  // The function calls among a candidate's parts. One whose arguments come in several parts counts once.
  struct Calls {
    bool has_any = false;
    bool continues = false;  // the last one goes on in the next part that has one
    std::uint32_t further =
        0;  // those that begin behind the first part, which may go on from an earlier chunk
  };

  static void read_candidate(object candidate, std::uint64_t index, Chunk& chunk) {
    std::string_view finish_reason;
    Calls calls;
    json::for_each_member(candidate, [&](raw_json_string key, value member) {
      if (key == "content") {
        read_content(member, calls, chunk);
      } else if (key == "finishReason") {
        finish_reason = json::as_string(member).value_or("");
      } else if (key == "index") {
        index = json::as_count(member).value_or(index);
      }
    });
    if (index >= kCandidatesMax) return;
    if (!finish_reason.empty()) chunk.finish_reasons.emplace_back(index, finish_reason);
    if (calls.has_any) {
      chunk.function_calls += calls.further + (chunk.open_calls[index] ? 0 : 1);
      chunk.open_calls[index] = calls.continues;
    }
    chunk.is_plain &= finish_reason.empty() && !calls.has_any;
  }

  static void read_content(value content, Calls& calls, Chunk& chunk) {
    json::for_each_member(content, [&](raw_json_string key, value member) {
      array parts;
      if (key != "parts" || member.get_array().get(parts)) return;
      for (auto item : parts) {
        object part;
        if (item.get_object().get(part)) return;
        read_part(part, calls, chunk);
      }
    });
  }

  static void read_part(object part, Calls& calls, Chunk& chunk) {
    json::for_each_member(part, [&](raw_json_string key, value member) {
      if (key == "text") {
        if (const auto text = json::as_string(member); !text || text->empty()) return;
        chunk.has_content = true;
        chunk.text = member.raw_json_token().data();
      } else if (key == "functionCall") {
        if (json::is_object(member)) read_call(member, calls, chunk);
      } else if (key == "executableCode" || key == "codeExecutionResult" || key == "inlineData" ||
                 key == "fileData") {
        chunk.has_content |= json::is_object(member);
      }
    });
  }

  static void read_call(value call, Calls& calls, Chunk& chunk) {
    chunk.has_content = true;
    if (calls.has_any && !calls.continues) ++calls.further;
    calls.has_any = true;
    calls.continues = false;
    json::for_each_member(call, [&](raw_json_string key, value member) {
      if (key == "willContinue") calls.continues = json::is_true(member);
    });
  }

  static void read_feedback(value feedback, Chunk& chunk) {
    json::for_each_member(feedback, [&](raw_json_string key, value member) {
      if (key != "blockReason") return;
      chunk.is_blocked |= !json::as_string(member).value_or("").empty();
      chunk.is_plain &= !chunk.is_blocked;
    });
  }

  static void read_usage(value usage, Chunk& chunk) {
    object members;
    if (!json::is_object(usage) || usage.get_object().get(members)) return;
    chunk.has_usage = true;
    json::for_each_member(members, [&](raw_json_string key, value member) {
      if (key == "promptTokenCount") {
        set(&Counts::prompt, member, chunk);
      } else if (key == "toolUsePromptTokenCount") {
        set(&Counts::tool_use_prompt, member, chunk);
      } else if (key == "cachedContentTokenCount") {
        set(&Counts::cached, member, chunk);
      } else if (key == "candidatesTokenCount") {
        set_growing(&Counts::candidates, member, chunk);
      } else if (key == "thoughtsTokenCount") {
        set_growing(&Counts::thoughts, member, chunk);
      } else if (key == "totalTokenCount") {
        set_growing(nullptr, member, chunk);
      }
    });
  }

  static bool set(Count count, value member, Chunk& chunk) {
    const auto number = json::as_count(member);
    if (number && count != nullptr) chunk.counts.*count = *number;
    return number.has_value();
  }

  // As set(), for what is another number in each chunk.
  static void set_growing(Count count, value member, Chunk& chunk) {
    if (!set(count, member, chunk) || chunk.place_count == chunk.places.size()) {
      chunk.is_plain = false;
      return;
    }
    Chunk::CountPlace& place = chunk.places[chunk.place_count++];
    place.at = member.raw_json_token().data();
    place.count = count;
  }

  static void read_error(value error, Chunk& chunk) {
    chunk.is_plain = false;
    chunk.error_type = "error";
    json::for_each_member(error, [&](raw_json_string key, value member) {
      if (key != "status") return;
      if (const auto status = json::as_string(member); status && !status->empty()) chunk.error_type = *status;
    });
  }

  const Answer answer_;
  Counts counts_;
  bool has_usage_ = false;
  std::bitset<kCandidatesMax> open_calls_;  // of each candidate: its last function call goes on
  EventShape plain_chunk_;
  std::array<Count, EventShape::kGapsMax> plain_counts_{};  // what its gaps hold; null for texts
  std::string scratch_;
};

}  // namespace

std::unique_ptr<ResponseScan> make_generate_scan(Answer answer) {
  return std::make_unique<GenerateScan>(answer);
}

}  // namespace archestra::providers::gemini
