// Bodies of OpenAI's chat completions of our own writing, for scripted upstreams.

export const chatRequest = { model: 'gpt-test', messages: [{ role: 'user', content: 'Say hello.' }] };
export const streamRequest = { ...chatRequest, stream: true };
export const streamRequestWithUsage = { ...streamRequest, stream_options: { include_usage: true } };

export const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

export const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1700000000,
  model: 'gpt-test-0001',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage,
};

const chunkBase = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1700000000, model: 'gpt-test-0001' };

export function event(value) {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

function delta(content, finishReason = null) {
  return event({ ...chunkBase, choices: [{ index: 0, delta: content, finish_reason: finishReason }], usage: null });
}

/** The events of one stream, as texts. */
export const events = {
  role: delta({ role: 'assistant', content: '' }),
  word: (text) => delta({ content: text }),
  stop: delta({}, 'stop'),
  usage: event({ ...chunkBase, choices: [], usage }),
  done: event('[DONE]'),
  error: event({ error: { message: 'The server had an error.', type: 'server_error', code: null, param: null } }),
};

export function words(count) {
  return Array.from({ length: count }, (_, i) => events.word(`word${i} `));
}

/** Everything a provider sends for a short stream whose usage was asked for. */
export const wholeStream = [events.role, ...words(5), events.stop, events.usage, events.done];

export const errorBody = (type, message, code = null) => JSON.stringify({ error: { message, type, param: null, code } });
