#include <algorithm>
#include <array>

#include "providers/gemini/generate.h"
#include "providers/json.h"
#include "providers/request_parameters.h"

namespace archestra::providers::gemini {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// Calls `visit` with the objects of a list; a lone object is a list of one.
template <class Visit>
void for_each_object(value list, Visit visit) {
  array items;
  object item;
  if (json::is_object(list)) {
    if (!list.get_object().get(item)) visit(item);
    return;
  }
  if (list.get_array().get(items)) return;
  for (auto element : items) {
    if (element.get_object().get(item)) return;
    visit(item);
  }
}

using call::OutputType;
using call::RequestNumbers;

// JSON of protocol buffers may name a field either way (ProtoJSON).
constexpr std::array<NumberMember<double>, 9> kReals{
    {{"temperature", &RequestNumbers::temperature},
     {"topP", &RequestNumbers::top_p},
     {"top_p", &RequestNumbers::top_p},
     {"topK", &RequestNumbers::top_k},
     {"top_k", &RequestNumbers::top_k},
     {"frequencyPenalty", &RequestNumbers::frequency_penalty},
     {"frequency_penalty", &RequestNumbers::frequency_penalty},
     {"presencePenalty", &RequestNumbers::presence_penalty},
     {"presence_penalty", &RequestNumbers::presence_penalty}}};
constexpr std::array<NumberMember<std::int64_t>, 5> kIntegers{
    {{"maxOutputTokens", &RequestNumbers::max_tokens},
     {"max_output_tokens", &RequestNumbers::max_tokens},
     {"candidateCount", &RequestNumbers::choice_count},
     {"candidate_count", &RequestNumbers::choice_count},
     {"seed", &RequestNumbers::seed}}};
constexpr std::array<NumberMember<std::int64_t>, 2> kOfEmbeddings{
    {{"outputDimensionality", &RequestNumbers::dimension_count},
     {"output_dimensionality", &RequestNumbers::dimension_count}}};

OutputType output_of_mime_type(std::string_view type) {
  if (type == "application/json") return OutputType::kJson;
  return type.starts_with("text/") ? OutputType::kText : OutputType::kUnsaid;
}

OutputType output_of_modality(std::string_view modality) {
  if (modality == "IMAGE") return OutputType::kImage;
  if (modality == "AUDIO") return OutputType::kSpeech;
  return modality == "TEXT" ? OutputType::kText : OutputType::kUnsaid;
}

void read_generation_config(value config, call::RequestParameters& parameters) {
  OutputType& output_type = parameters.output_type;
  json::for_each_member(config, [&](raw_json_string key, value member) {
    if (read_number({kReals, kIntegers}, key, member, parameters.numbers)) return;
    if (key == "stopSequences" || key == "stop_sequences") {
      read_texts(member, parameters.stop_sequences);
    } else if (key == "responseMimeType" || key == "response_mime_type") {
      output_type = std::max(output_type, output_of_mime_type(json::as_string(member).value_or("")));
    } else if (key == "responseModalities" || key == "response_modalities") {
      for_each_text(member, [&](std::string_view modality) {
        output_type = std::max(output_type, output_of_modality(modality));
      });
    }
  });
}

}  // namespace

RequestFacts inspect_generate_request(std::string_view body, std::size_t slack) {
  json::ondemand::document document;
  RequestFacts facts;
  if (json::read(body, slack).get(document)) return facts;
  const auto read_part = [&](object part) {
    json::for_each_member(part, [&](raw_json_string key, value member) {
      if (key == "functionResponse" || key == "function_response")
        facts.tool_results += json::is_object(member) ? 1 : 0;
    });
  };
  const auto read_content = [&](object content) {
    json::for_each_member(content, [&](raw_json_string key, value member) {
      if (key == "parts") for_each_object(member, read_part);
    });
  };
  const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
    if (key == "contents") {
      for_each_object(member, read_content);
    } else if (key == "tools") {
      facts.tools_hash = json::hash_of_text(member);
    } else if (key == "generationConfig" || key == "generation_config") {
      read_generation_config(member, facts.parameters);
    } else if (key == "requests") {  // of a batch of embeddings, which say the same as a rule
      for_each_object(member, [&](object request) {
        json::for_each_member(request, [&](raw_json_string name, value part) {
          read_number({{}, kOfEmbeddings}, name, part, facts.parameters.numbers);
        });
      });
    } else {
      read_number({{}, kOfEmbeddings}, key, member, facts.parameters.numbers);
    }
  });
  return is_whole ? facts : RequestFacts{};
}

}  // namespace archestra::providers::gemini
