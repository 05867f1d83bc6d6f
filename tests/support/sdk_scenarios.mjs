// What every SDK has to be able to do through the gateway. A scenario is played twice, by the SDK straight at a
// provider and by the SDK at the gateway in front of it: what the SDK made of the answers must be the same. Behind the
// gateway each call must also have left exactly one record, with the tokens that the SDK reported.
//
// An SDK says only how it words things:
//   name
//   dialect                        as the gateway's paths have it
//   directPath, gatewayPath        what its base URL has behind the provider's origin, and behind the gateway's
//                                  /v1/<dialect>[/<agent id>]
//   connect({ baseUrl, headers })  a client that does not retry and sends these fields with every call
//   words                          functions of a client that make one call and answer {parsed, ...}: all that the SDK
//                                  made of the answer as plain data, and what the scenarios below ask about it
//   statuses                       the refusals to try; by default all, for an SDK that has classes for them
//   isRefusal(error, status)       whether it is of the class that the SDK throws where a call is refused like this
//   lacks                          names of scenarios that are beyond it even without a gateway
//   errorOf(error)                 what a program can read of what was thrown, as plain data

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { DirectSide, GatewaySide, Stage, assertLeft } from './sdk_sides.mjs';
import {
  AimockStandIn,
  SimulatorStandIn,
  outputTokens,
  statuses,
  toolArguments,
  toolCalls,
  toolName,
} from './sdk_standins.mjs';
import { until } from './until.mjs';

export { wav } from './sdk_standins.mjs';
export const apiKey = 'sk-test-0123456789abcdef';
export const question = 'What is the weather in Zürich?';
export const tool = {
  name: toolName,
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
  },
};
/** To be embedded. */
export const texts = ['the first text', 'the second text'];
/** To be uploaded. */
export const note = { name: 'note.txt', type: 'text/plain', bytes: Buffer.from('a file, and what is in it: é\r\n') };

/** Objects of an SDK as plain data. */
export const plain = (value) => JSON.parse(JSON.stringify(value));

const loopName = 'an agent that calls its tool';
const unknownAgent = '3f0c5a1e-0000-4000-8000-000000000000';

/** The providers, each with a gateway in front of it, for the tests of a file. */
export function useStages() {
  const stages = { simulator: new Stage(SimulatorStandIn), aimock: new Stage(AimockStandIn) };
  before(() => Promise.all(Object.values(stages).map((stage) => stage.start())));
  after(() => Promise.all(Object.values(stages).map((stage) => stage.stop())));
  return stages;
}

/** Tests of an SDK on the stages of useStages(). */
export function describeSdk(stages, sdk) {
  const known = [...Object.values(scenarios).flatMap(({ words }) => words), 'fileContent', 'removeFile', 'loop'];
  for (const word of Object.keys(sdk.words)) assert.ok(known.includes(word), `no scenario has the word ${word}`);
  for (const [provider, stage] of Object.entries(stages)) {
    describe(`${sdk.name}, ${provider}`, () => {
      for (const [name, scenario] of Object.entries(scenarios)) {
        if (!canPlay(sdk, name, scenario) || !stage.knows(sdk, name)) continue;
        test(name, () => playBoth(stage, sdk, scenario.play));
      }
    });
  }
  const { simulator, aimock } = stages;
  if ('loop' in sdk.words && !sdk.lacks?.includes(loopName))
    test(`${sdk.name}, aimock, ${loopName}`, () => playLoop(aimock, sdk));
  if (simulator === undefined) return;
  describe(`${sdk.name}, the gateway's own errors`, () => {
    test('an agent that is not known', () =>
      refuse(simulator, sdk, {
        behaviour: 'text',
        expected: { agent: unknownAgent, outcome: 'invalid_request', status: 404, tries: 0 },
        code: 'agent_not_found',
      }));
    test('a provider that closes without a word', () =>
      refuse(simulator, sdk, {
        behaviour: 'no word',
        expected: { outcome: 'upstream_truncated', status: 0 },
        answered: 502,
        code: 'upstream_truncated',
      }));
  });
}

function canPlay(sdk, name, { words, status }) {
  if (sdk.lacks?.includes(name)) return false;
  if (status !== undefined && sdk.statuses?.includes(status) === false) return false;
  return words.every((word) => word in sdk.words);
}

/**
 * A test that the SDK reads its base URL from the environment: make({ headers }) is a client that was not told where to
 * go.
 */
export function describeEnvironment(stages, sdk, variable, make) {
  test(`${sdk.name}, the base URL in ${variable}`, async () => {
    const connect = ({ baseUrl, headers }) => {
      process.env[variable] = baseUrl;
      return make({ headers });
    };
    try {
      const { lines } = await stages.simulator.logged({ ...sdk, connect }, 'text', 1, sdk.words.chat);
      assert.equal(lines[0].outcome, 'completed');
    } finally {
      delete process.env[variable];
    }
  });
}

async function playBoth(stage, sdk, play) {
  const direct = new DirectSide(stage, sdk);
  const through = new GatewaySide(stage, sdk);
  const [expected, actual] = [await played(direct, play), await played(through, play)];
  assert.deepEqual(stage.standIn.normalised(actual), stage.standIn.normalised(expected));
}

/** Two calls: the second tells the provider what the tool said. */
async function playLoop(stage, sdk) {
  const { standIn } = stage;
  const direct = sdk.connect({ baseUrl: stage.directUrl(sdk), headers: standIn.headers('loop') });
  const expected = await sdk.words.loop(direct);
  const { result, lines } = await stage.logged(sdk, 'loop', 2, sdk.words.loop);
  assert.equal(result.text, standIn.text);
  assert.deepEqual(standIn.normalised(result.parsed), standIn.normalised(expected.parsed));
  const sum = (name) => lines.reduce((total, line) => total + line[name], 0);
  assert.deepEqual({ input: sum('input_tokens'), output: sum('output_tokens') }, result.usage);
}

async function played(side, play) {
  const told = await play((...args) => side.call(...args), side);
  return { told, ends: side.ends };
}

/** Of these calls the gateway reads no tokens. */
const unread = { counts: false };

/**
 * Scenarios by name: the words they need, and how they are played with call(...), see Side.call. What play() answers is
 * compared too.
 */
const scenarios = {
  chat: {
    words: ['chat'],
    play: async (call, side) => assertText(await call('chat', 'text'), side),
  },
  'chat for the agent in the base URL': {
    words: ['chat'],
    play: async (call, side) => assertText(await call('chat', 'text', {}, { agent: 'own' }), side),
  },
  stream: {
    words: ['stream'],
    play: async (call, side) => {
      const pieces = [];
      const result = await call('stream', 'text', { onText: (text) => pieces.push(text) });
      assert.ok(pieces.length > 1, `${pieces.length} pieces`);
      assert.equal(pieces.join(''), result.text);
      assertText(result, side);
      return pieces;
    },
  },
  'stream without asking for the usage': {
    words: ['streamWithoutUsage'],
    play: async (call, side) => assertText(await call('streamWithoutUsage', 'text'), side),
  },
  'tool calls': {
    words: ['toolCalls'],
    play: async (call) => assertToolCalls(await call('toolCalls', 'tools')),
  },
  'streamed tool calls': {
    words: ['streamedToolCalls'],
    play: async (call) => assertToolCalls(await call('streamedToolCalls', 'tools')),
  },
  embeddings: {
    words: ['embed'],
    play: async (call) => {
      const { vectors } = await call('embed', 'plain');
      assert.equal(vectors.length, texts.length);
      for (const vector of vectors) assert.ok(vector.length > 2 && vector.every(Number.isFinite));
    },
  },
  files: {
    words: ['upload'],
    play: async (call, { sdk }) => {
      const { id } = await call('upload', 'plain');
      assert.ok(id.length > 0);
      if (!('fileContent' in sdk.words)) return;
      const { bytes } = await call('fileContent', 'plain', { id });
      assert.deepEqual(Buffer.from(bytes), note.bytes);
      await call('removeFile', 'plain', { id });
    },
  },
  speech: {
    words: ['speak'],
    play: async (call) => {
      const { bytes } = await call('speak', 'plain', {}, unread);
      assert.equal(Buffer.from(bytes).toString('latin1', 0, 4), 'RIFF');
    },
  },
  transcription: {
    words: ['transcribe'],
    play: async (call) => assert.ok((await call('transcribe', 'plain', {}, unread)).text.length > 0),
  },
  models: {
    words: ['models'],
    play: async (call) => assert.ok((await call('models', 'plain')).ids.length > 1),
  },
  'a model': {
    words: ['model'],
    play: async (call) => assert.ok((await call('model', 'plain')).id.length > 0),
  },
  'count tokens': {
    words: ['countTokens'],
    play: async (call) => assert.ok((await call('countTokens', 'plain')).count > 0),
  },
  ...Object.fromEntries(statuses.map((status) => refusal('chat', status))),
  ...Object.fromEntries([429, 500].map((status) => refusal('stream', status))),
  'error event': {
    words: ['stream'],
    play: async (call) => {
      await call('stream', 'error event', {}, { throws: true, outcome: 'upstream_error' });
    },
  },
  'stream that breaks off': {
    words: ['stream'],
    play: async (call) => {
      const pieces = [];
      const onText = (text) => pieces.push(text);
      await call('stream', 'broken off', { onText }, { throws: true, outcome: 'upstream_truncated' });
      assert.ok(pieces.length > 1, `${pieces.length} pieces`);
      return pieces;
    },
  },
  'aborted before the answer': {
    words: ['stream'],
    play: async (call, { stage: { standIn } }) => {
      const abort = new AbortController();
      const expected = { throws: undefined, outcome: 'client_cancelled', status: 0 };
      const ended = call('stream', 'no answer', { signal: abort.signal }, expected);
      await until('the call at the provider', async () => (await standIn.seen(standIn.lastHeaders))?.ended_ms === null);
      abort.abort();
      await ended;
      await assertLeft(standIn, standIn.lastHeaders);
    },
  },
  'aborted in mid-stream': {
    words: ['stream'],
    play: async (call, { stage }) => {
      const abort = new AbortController();
      const pieces = [];
      const onText = (text) => {
        pieces.push(text);
        if (pieces.length === 3) abort.abort();
      };
      const expected = { throws: undefined, outcome: 'client_cancelled' };
      const { headers } = await call('stream', 'endless', { onText, signal: abort.signal }, expected);
      assert.ok(pieces.length < 20, `${pieces.length} pieces after all`);
      await assertLeft(stage.standIn, headers);
      return pieces.slice(0, 3);
    },
  },
};

function refusal(word, status) {
  const play = async (call, { sdk }) => {
    const { error } = await call(word, `${status}`, {}, { throws: true, outcome: 'upstream_error', status });
    assertThrown(sdk, error, status);
  };
  return [`${word} refused with ${status}`, { words: [word], status, play }];
}

function assertThrown(sdk, error, status) {
  assert.ok(sdk.isRefusal(error, status), `${error.constructor.name} for ${status}`);
  assert.equal(sdk.errorOf(error).status, status);
}

function assertText({ text, usage }, { stage }) {
  const { standIn } = stage;
  assert.ok(text.length > 0);
  if (standIn.text !== undefined) assert.equal(text, standIn.text);
  if (usage !== undefined) assert.equal(usage.output, outputTokens);
}

function assertToolCalls({ toolCalls: calls }) {
  const expected = { name: toolName, args: toolArguments };
  assert.deepEqual(calls.map(({ name, args }) => ({ name, args })), Array(toolCalls).fill(expected));
}

/** The gateway's own refusal raises what the provider's would, and says that it is not the provider's. */
async function refuse(stage, sdk, { behaviour, expected, answered = expected.status, code }) {
  const { error } = await new GatewaySide(stage, sdk).call('chat', behaviour, {}, { throws: true, ...expected });
  assertThrown(sdk, error, answered);
  const told = sdk.errorOf(error);
  assert.ok(told.message.length > 0);
  // Where the SDK looks for the provider's kind of the error, and for header fields, there are such.
  if ('type' in told) assert.match(told.type, /^\w+$/);
  if ('own' in told) assert.equal(told.own, code);
}
