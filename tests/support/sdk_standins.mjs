// Two providers for the SDKs to talk to: our simulator, and aimock, which others wrote by their own reading of the
// interfaces. A behaviour has one name for both; a call asks for it by fields that a gateway passes on.

import { createRequire } from 'node:module';

import { Simulator } from './gateway.mjs';

const { LLMock } = createRequire(new URL('../e2e/package.json', import.meta.url))('@copilotkit/aimock');

export const outputTokens = 9;
export const toolName = 'get_weather';
/** What both give to the tool, in as many calls; the simulator makes them from the tool's schema. */
export const toolArguments = { city: 'Zürich, "CH"', days: 42 };
export const toolCalls = 2;
/** A short WAV file, which aimock says and both hear. */
export const wav = Buffer.concat([
  Buffer.from('524946460c01000057415645666d74201000000001000100401f0000401f00000100080064617461e8000000', 'hex'),
  Buffer.from(Array.from({ length: 232 }, (_, i) => (i * 37) % 256)),
]);
/** Statuses of refusals, each a behaviour too. */
export const statuses = [400, 401, 403, 404, 429, 500, 503, 529];

/** The members that tell a time. */
const times = new Set(['created', 'created_at', 'createdAt', 'createTime', 'updateTime', 'expirationTime']);

export class SimulatorStandIn {
  static lacks = () => false;

  /** What it says to the behaviour 'text', where that is known. */
  text = undefined;
  /** What headers() answered last. */
  lastHeaders;
  #simulator;
  #calls = 0;

  static #fields = {
    plain: {},
    text: { tokens: outputTokens },
    tools: { 'tool-calls': toolCalls, tokens: outputTokens },
    endless: { tokens: 100_000, 'token-interval-ms': 20 },
    'broken off': { tokens: 50, 'cut-after': 6 },
    'error event': { tokens: 50, 'error-event': 4 },
    'no word': { close: 1 },
    'no answer': { 'no-answer': 1 },
    ...Object.fromEntries(statuses.map((status) => [status, { status }])),
  };

  static async start() {
    const standIn = new SimulatorStandIn();
    standIn.#simulator = await Simulator.start();
    return standIn;
  }

  get origin() {
    return new URL(this.#simulator.baseUrl).origin;
  }

  /** The fields of a call that ask for a behaviour. The same call gets the same ids and words each time. */
  headers(behaviour) {
    this.#calls += 1;
    const fields = { ...SimulatorStandIn.#fields[behaviour], 'as-call': 1, id: `call-${this.#calls}` };
    const headers = Object.entries(fields).map(([name, value]) => [`x-sim-${name}`, String(value)]);
    return (this.lastHeaders = Object.fromEntries(headers));
  }

  /** What it saw of the call with these fields, or undefined. */
  async seen(headers) {
    return (await this.#simulator.calls()).find(({ id }) => id === headers['x-sim-id']);
  }

  /** The tokens that its answer told, or would have told to who asked: {input, output}, or undefined. */
  async told(headers) {
    const usage = (await this.seen(headers))?.usage;
    return usage ? { input: usage.input_tokens, output: usage.output_tokens } : undefined;
  }

  /** Plain data without what is of the moment. */
  normalised(value) {
    return mapped(value, (text) => text);
  }

  stop() {
    return this.#simulator.stop();
  }
}

export class AimockStandIn {
  /** Of OpenAI's dialect it knows all but little, of the others no more than messages, contents and refusals. */
  static lacks = (dialect, scenario) =>
    ['error event', 'aborted before the answer', 'a model'].includes(scenario) ||
    (dialect !== 'openai' && ['count tokens', 'models', 'files', 'embeddings'].includes(scenario));

  text = 'It is sunny in Zürich, 23 °C.';
  #mock;

  static #usage = { input: 21, output: outputTokens };
  static #madeId = /\b(chatcmpl|resp|msg|rs|fc|call|toolu|file)[-_][\w-]{16}(?![\w-])/g;

  static async start() {
    const standIn = new AimockStandIn();
    // Small chunks: several events for a text, and arguments of tools in pieces.
    standIn.#mock = new LLMock({ port: 0, logLevel: 'silent', chunkSize: 8 });
    standIn.#script();
    await standIn.#mock.start();
    return standIn;
  }

  get origin() {
    return this.#mock.url;
  }

  headers(behaviour) {
    return { 'x-aimock-context': behaviour, 'x-request-id': 'req-of-the-test' }; // the id comes back with the answer
  }

  async told(headers) {
    return ['text', 'tools'].includes(headers['x-aimock-context']) ? AimockStandIn.#usage : undefined;
  }

  /** It makes ids by chance, which become numbers in the order in which they occur. */
  normalised(value) {
    const names = new Map();
    const name = (id, kind) => {
      if (!names.has(id)) names.set(id, `${kind}-${names.size + 1}`);
      return names.get(id);
    };
    return mapped(value, (text) => text.replace(AimockStandIn.#madeId, name));
  }

  async stop() {
    const { server } = this.#mock.serverInstance;
    const stopped = this.#mock.stop();
    server.closeAllConnections(); // it would wait until clients give up those they keep for later
    await stopped;
  }

  #script() {
    const usage = { input_tokens: AimockStandIn.#usage.input, output_tokens: AimockStandIn.#usage.output };
    const toolCall = { name: toolName, arguments: toolArguments };
    this.#mock
      .on({ context: 'plain', endpoint: 'embedding' }, { embedding: [0.5, -0.25, 0.125] })
      .on({ context: 'plain', endpoint: 'speech' }, { audio: wav.toString('base64'), format: 'wav' })
      .on({ context: 'plain', endpoint: 'transcription' }, { transcription: { text: this.text } })
      .on({ context: 'text' }, { content: this.text, usage })
      .on({ context: 'tools' }, { toolCalls: Array(toolCalls).fill(toolCall), usage })
      .on({ context: 'loop', hasToolResult: true }, { content: this.text, usage })
      .on({ context: 'loop' }, { toolCalls: [toolCall], usage })
      .on({ context: 'endless' }, { content: this.text.repeat(25), usage }, { latency: 20 })
      .on({ context: 'broken off' }, { content: this.text.repeat(5), usage }, { latency: 5, truncateAfterChunks: 9 });
    for (const status of statuses) {
      const error = { message: `Refused with ${status}.`, type: 'of_the_test', code: 'of_the_test' };
      this.#mock.on({ context: `${status}` }, { status, error });
    }
  }
}

/** A copy of plain data without times, in which texts became onText(text). */
function mapped(value, onText) {
  if (typeof value === 'string') return onText(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, onText));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !times.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [onText(key), mapped(each, onText)]));
}
