// Bodies of Gemini's API of our own writing, for scripted upstreams.

export const generateRequest = { contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }] };

export const model = 'gemini-test';

/** The path at the gateway of an operation on the model; `query` without '?'. */
export function pathOf(method, { agent = '', version = 'v1beta', query = '' } = {}) {
  return `/v1/gemini${agent && `/${agent}`}/${version}/models/${model}:${method}${query && `?${query}`}`;
}

/** One answer, or one chunk of a stream; the usage is what was counted so far. */
export function chunk(parts, { finishReason, usage } = {}) {
  return {
    candidates: [{ content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
    ...(usage && { usageMetadata: usage }),
    modelVersion: 'gemini-test-001',
    responseId: 'response-1',
  };
}

const usageOf = (candidates) => ({
  promptTokenCount: 11,
  candidatesTokenCount: candidates,
  totalTokenCount: 11 + candidates + 5,
  thoughtsTokenCount: 5,
});

/** The chunks of a short stream. */
export const chunks = [
  ...[1, 2, 3, 4].map((i) => chunk([{ text: `word${i} ` }], { usage: usageOf(i * 10) })),
  chunk([{ text: '' }], { finishReason: 'STOP', usage: usageOf(47) }),
];

/** Both forms of a stream: its content type, query, and bytes before, of and behind each chunk. */
export const forms = {
  'server-sent events': {
    contentType: 'text/event-stream',
    query: 'alt=sse',
    pieces: (list) => list.map((value) => `data: ${JSON.stringify(value)}\r\n\r\n`),
    end: [],
  },
  'a JSON array': {
    contentType: 'application/json; charset=UTF-8',
    query: '',
    pieces: (list) => list.map((value, i) => `${i === 0 ? '[' : ',\r\n'}${JSON.stringify(value, null, 2)}\n`),
    end: [']'],
  },
};
