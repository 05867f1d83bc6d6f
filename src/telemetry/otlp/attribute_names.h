// The names of span attributes and events that may still change, in one place: OpenTelemetry's GenAI
// conventions (v1.41.1, all in development) and our own. Stable HTTP names stand where they are used.
#pragma once

#include <string_view>

namespace archestra::telemetry::otlp {

inline constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.41.1";

inline constexpr std::string_view kRouteCategory = "route.category";
inline constexpr std::string_view kRouteCategoryValue = "llm-proxy";
inline constexpr std::string_view kLlmProvider = "llm.provider";
inline constexpr std::string_view kLlmModel = "llm.model";
inline constexpr std::string_view kLlmStream = "llm.stream";
inline constexpr std::string_view kAgentId = "agent.id";
inline constexpr std::string_view kAgentName = "agent.name";
inline constexpr std::string_view kAgentLabelPrefix = "agent.";
inline constexpr std::string_view kOutcome = "archestra.outcome";

// What the client says of its request. A session is OpenTelemetry's session.id, and the conversation of its
// GenAI conventions; a user is user.id. gen_ai.agent.* is for who runs the agent, so the name that a client
// has for itself and its runs, for which there is no convention, are names of our own.
inline constexpr std::string_view kSessionId = "session.id";
inline constexpr std::string_view kGenAiConversationId = "gen_ai.conversation.id";
inline constexpr std::string_view kUserId = "user.id";
inline constexpr std::string_view kClientAgentId = "archestra.client.agent_id";
inline constexpr std::string_view kRunId = "archestra.run.id";

inline constexpr std::string_view kGenAiOperationName = "gen_ai.operation.name";
inline constexpr std::string_view kGenAiProviderName = "gen_ai.provider.name";
inline constexpr std::string_view kGenAiRequestModel = "gen_ai.request.model";
inline constexpr std::string_view kGenAiRequestStream = "gen_ai.request.stream";
inline constexpr std::string_view kGenAiRequestMaxTokens = "gen_ai.request.max_tokens";
inline constexpr std::string_view kGenAiRequestTemperature = "gen_ai.request.temperature";
inline constexpr std::string_view kGenAiRequestTopP = "gen_ai.request.top_p";
inline constexpr std::string_view kGenAiRequestTopK = "gen_ai.request.top_k";
inline constexpr std::string_view kGenAiRequestFrequencyPenalty = "gen_ai.request.frequency_penalty";
inline constexpr std::string_view kGenAiRequestPresencePenalty = "gen_ai.request.presence_penalty";
inline constexpr std::string_view kGenAiRequestStopSequences = "gen_ai.request.stop_sequences";
inline constexpr std::string_view kGenAiRequestSeed = "gen_ai.request.seed";
inline constexpr std::string_view kGenAiRequestChoiceCount = "gen_ai.request.choice.count";
inline constexpr std::string_view kGenAiRequestEncodingFormats = "gen_ai.request.encoding_formats";
inline constexpr std::string_view kGenAiOutputType = "gen_ai.output.type";
inline constexpr std::string_view kGenAiEmbeddingsDimensionCount = "gen_ai.embeddings.dimension.count";
inline constexpr std::string_view kOpenAiApiType = "openai.api.type";
inline constexpr std::string_view kOpenAiRequestServiceTier = "openai.request.service_tier";
inline constexpr std::string_view kOpenAiResponseServiceTier = "openai.response.service_tier";
inline constexpr std::string_view kOpenAiSystemFingerprint = "openai.response.system_fingerprint";
inline constexpr std::string_view kGenAiResponseModel = "gen_ai.response.model";
inline constexpr std::string_view kGenAiResponseId = "gen_ai.response.id";
inline constexpr std::string_view kGenAiFinishReasons = "gen_ai.response.finish_reasons";
inline constexpr std::string_view kGenAiTimeToFirstChunk = "gen_ai.response.time_to_first_chunk";
inline constexpr std::string_view kGenAiInputTokens = "gen_ai.usage.input_tokens";
inline constexpr std::string_view kGenAiOutputTokens = "gen_ai.usage.output_tokens";
inline constexpr std::string_view kGenAiCacheReadTokens = "gen_ai.usage.cache_read.input_tokens";
inline constexpr std::string_view kGenAiCacheCreationTokens = "gen_ai.usage.cache_creation.input_tokens";
inline constexpr std::string_view kGenAiReasoningTokens = "gen_ai.usage.reasoning.output_tokens";
// Content, where an agent has it captured: JSON texts.
inline constexpr std::string_view kGenAiSystemInstructions = "gen_ai.system_instructions";
inline constexpr std::string_view kGenAiInputMessages = "gen_ai.input.messages";
inline constexpr std::string_view kGenAiOutputMessages = "gen_ai.output.messages";
inline constexpr std::string_view kGenAiToolDefinitions = "gen_ai.tool.definitions";
inline constexpr std::string_view kGenAiFirstTokenEvent = "gen_ai.first_token";

// Further events of a try, for which there is no convention; durations are in seconds.
inline constexpr std::string_view kStallEvent = "archestra.stall";  ///< when it began
inline constexpr std::string_view kStallDuration = "archestra.stall.duration";
inline constexpr std::string_view kRetryEvent =
    "archestra.retry";  ///< when the pause before the next try began
inline constexpr std::string_view kRetryDelay = "archestra.retry.delay";

// One for each tool call of an answer, at its end: what was decided about it.
inline constexpr std::string_view kDecisionEvent = "archestra.tool_decision";
inline constexpr std::string_view kGenAiToolName = "gen_ai.tool.name";
inline constexpr std::string_view kDecision = "archestra.tool_decision.decision";
inline constexpr std::string_view kDecisionPolicyId = "archestra.tool_decision.policy_id";
inline constexpr std::string_view kDecisionReason = "archestra.tool_decision.reason";

/// The value of openai.api.type for an operation of ours; "" where it has none.
constexpr std::string_view openai_api_type(std::string_view operation) {
  if (operation == "chat.completions") return "chat_completions";
  if (operation == "responses" || operation == "responses.compact") return "responses";
  return "";
}

/// The value of gen_ai.provider.name for a provider of ours.
constexpr std::string_view gen_ai_provider(std::string_view provider) {
  return provider == "gemini" ? std::string_view("gcp.gemini") : provider;
}

}  // namespace archestra::telemetry::otlp
