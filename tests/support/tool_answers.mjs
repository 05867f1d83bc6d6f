// Answers with tool calls in every dialect, by hand, and what a client that believes them would call.

const json = { 'Content-Type': 'application/json' };
const eventStream = { 'Content-Type': 'text/event-stream' };

export const sse = (...data) => data.map((each) => `data: ${typeof each === 'string' ? each : JSON.stringify(each)}\n\n`).join('');
export const named = (...events) => events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

// --- OpenAI's chat

export const chatChunk = (delta, { index = 0, finish = null } = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'gpt-4o',
  choices: [{ index, delta, finish_reason: finish }],
});

/** The chunks of one call, its arguments in pieces. */
export const chatCall = (name, pieces = ['{}'], { index = 0, choice = 0 } = {}) => [
  chatChunk({ tool_calls: [{ index, id: `call_${choice}${index}`, type: 'function', function: { name, arguments: '' } }] }, { index: choice }),
  ...pieces.map((piece) => chatChunk({ tool_calls: [{ index, function: { arguments: piece } }] }, { index: choice })),
];

export const chatEnd = (index = 0) => chatChunk({}, { index, finish: 'tool_calls' });
export const chatStream = (...chunks) => sse(chatChunk({ role: 'assistant', content: null }), ...chunks.flat(), chatEnd(), '[DONE]');

export const chatBody = (...messages) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o',
  choices: messages.map((message, index) => ({
    index,
    message: { role: 'assistant', content: null, ...message },
    finish_reason: 'tool_calls',
  })),
  usage: { prompt_tokens: 8, completion_tokens: 9, total_tokens: 17 },
});

export const chatToolCall = (name, args = {}) => ({
  id: 'call_1',
  type: 'function',
  function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
});

// --- the responses API, Anthropic's messages, Gemini

export const responsesBody = (name, args = {}) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'gpt-4o',
  output: [{ id: 'fc_1', type: 'function_call', status: 'completed', call_id: 'call_1', name, arguments: JSON.stringify(args) }],
  usage: { input_tokens: 8, output_tokens: 9, total_tokens: 17 },
});

export const messagesBody = (name, input = {}) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-6',
  content: [{ type: 'text', text: 'Let me see.' }, { type: 'tool_use', id: 'toolu_1', name, input }],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 8, output_tokens: 9 },
});

/** One call, its input in pieces. */
export const messagesStream = (name, pieces) =>
  named(
    { type: 'message_start', message: { ...messagesBody(name), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name, input: {} } },
    ...pieces.map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: piece } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  );

export const generateBody = (...candidates) => ({
  candidates: candidates.map((parts, index) => ({ index, content: { role: 'model', parts }, finishReason: 'STOP' })),
  usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 9, totalTokenCount: 17 },
  modelVersion: 'gemini-2.5-flash',
});

// --- Over the wire

/** What an upstream does that answers with a body, or with the text of a stream. */
export const answers = {
  json: (value) => (exchange) => exchange.respond(200, json, typeof value === 'string' ? value : JSON.stringify(value)),
  stream: (text, fields = {}) => async (exchange) => {
    await exchange.streamHead({ ...eventStream, ...fields });
    await exchange.chunk(Buffer.from(text));
    await exchange.lastChunk();
  },
};

/**
 * The names of the tools that a client would call, whatever the dialect of the answer: of the whole body if it is JSON,
 * else of each event in it. Read with JSON.parse, as the SDKs do.
 */
export function callsIn(body) {
  const names = [];
  const walk = (value) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (value === null || typeof value !== 'object') return undefined;
    for (const call of [value.tool_calls ?? []].flat()) if (call?.function?.name) names.push(call.function.name);
    const own = value.function_call ?? value.functionCall;
    if (own?.name) names.push(own.name);
    if (/^(tool_use|function_call|custom_tool_call)$/.test(value.type)) names.push(value.name);
    return Object.values(value).forEach(walk);
  };
  for (const text of textsOf(body.toString('utf8'))) {
    try {
      walk(JSON.parse(text));
    } catch {
      // No client makes anything of it.
    }
  }
  return names;
}

function textsOf(body) {
  if (/^\s*[[{]/.test(body)) return [body];
  const lines = body.split(/\r\n|\n|\r/).map((line) => /^data: ?(.*)$/.exec(line)?.[1]);
  const events = [[]];
  for (const line of lines) {
    if (line === undefined) events.push([]);
    else events.at(-1).push(line);
  }
  return events.map((event) => event.join('\n'));
}
