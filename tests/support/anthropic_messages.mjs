// Bodies of Anthropic's messages of our own writing, for scripted upstreams.

export const requestBody = {
  model: 'claude-test',
  max_tokens: 64,
  messages: [
    { role: 'user', content: 'What is the weather in Lisbon?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_0', name: 'get_place', input: { city: 'Lisbon' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_0', content: '38.7, -9.1' }] },
  ],
};

const startUsage = {
  input_tokens: 3,
  cache_creation_input_tokens: 200,
  cache_read_input_tokens: 1000,
  output_tokens: 1,
};

const messageBase = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test-1' };

/** 1203 tokens of input, 42 of output. */
export const answer = {
  ...messageBase,
  content: [
    { type: 'text', text: 'Let me see.' },
    { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { lat: 38.7 } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { ...startUsage, output_tokens: 42 },
};

function event(value, padding = '') {
  return `event: ${value.type}\ndata: ${JSON.stringify(value).slice(0, -1)}${padding}}\n\n`;
}

const delta = (text, padding) =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, padding);

/** The events of one stream, as texts. */
export const events = {
  start: event({
    type: 'message_start',
    message: { ...messageBase, content: [], stop_reason: null, stop_sequence: null, usage: startUsage },
  }),
  blockStart: event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ping: event({ type: 'ping' }),
  blockStop: event({ type: 'content_block_stop', index: 0 }, '   '),
  /** The last word: 50 tokens of input beside the cached ones, 42 of output. */
  end: event(
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: 50, cache_creation_input_tokens: null, output_tokens: 42 },
    },
    '      ',
  ),
  stop: event({ type: 'message_stop' }, ' '),
  error: event({ type: 'error', error: { details: null, type: 'overloaded_error', message: 'Overloaded' } }),
};

/** Events with a word each, padded as the provider pads them. */
export function words(count) {
  return Array.from({ length: count }, (_, i) => delta(`word${i} `, ' '.repeat((i * 5) % 16)));
}

/** Everything a provider sends for a short stream. */
export const wholeStream = [
  events.start,
  events.blockStart,
  events.ping,
  ...words(5),
  events.blockStop,
  events.end,
  events.stop,
];
