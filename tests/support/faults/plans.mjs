// What each call of a run of faults is, by seed and number alone: operation, what goes wrong at the provider, what the
// client does. The agent it is made for is chosen when it is made, of those that there are then.

import { Chance } from './chance.mjs';
import { operations } from './operations.mjs';

/** Names of tools; policies of the run come and go that block the first one. */
export const tools = ['risky', 'harmless'];

const none = () => ({});
const position = (chance, isStream) =>
  isStream && chance.is(0.6) ? { at: chance.below(24) } : { at: chance.below(3000), count: 'bytes' };

/** A fault at `position`, in events, or in bytes and so as a rule within one. */
const broken =
  (name) =>
  (chance, { isStream }) => {
    const { at, count } = position(chance, isStream);
    return { [name]: at, ...(count && { count }) };
  };

/** name -> [weight, what the simulator is told]; `streams`: only of streams, `bodies`: only of others. */
const faults = {
  none: [55, none],
  'a late head': [4, (chance) => ({ 'latency-ms': chance.between(5, 60) })],
  'many tokens': [3, (chance) => ({ tokens: chance.between(200, 1500) })],
  'a large body': [2, (chance) => ({ 'body-bytes': chance.between(20_000, 400_000) }), 'bodies'],
  'slow tokens': [
    5,
    (chance) => ({
      tokens: chance.between(3, 25),
      'token-interval-ms': chance.between(1, 12),
      'ttft-ms': chance.below(30),
    }),
    'streams',
  ],
  'an error': [7, (chance) => ({ status: chance.pick([400, 401, 404, 429, 500, 502, 503, 529]) })],
  'errors by chance': [4, none, undefined, { 'error-fraction': '0.5' }],
  'no usage': [4, () => ({ usage: 'none' })],
  'an error event': [3, (chance) => ({ 'error-event': chance.below(20) }), 'streams'],
  'a short stall': [
    2,
    (chance, kind) => ({ 'stall-ms': chance.between(20, 200), ...broken('stall-after')(chance, kind) }),
  ],
  'a long stall': [0.5, (chance, kind) => ({ 'stall-ms': 4000, ...broken('stall-after')(chance, kind) })],
  'a close in mid-body': [3, broken('cut-after')],
  'a reset in mid-body': [3, broken('reset-after')],
  'no last event': [2, (chance) => ({ 'end-after': chance.below(20) }), 'streams'],
  dribble: [2, (chance) => ({ dribble: chance.between(30, 400), tokens: chance.between(1, 8) })],
  'no answer': [0.4, () => ({ 'no-answer': 1 })],
  'a close without a byte': [2, () => ({ close: 1 })],
  'no HTTP': [1, () => ({ garbage: 1 })],
  'a length too long': [1, (chance) => ({ 'bad-length': chance.between(1, 500) }), 'bodies'],
  'a length too short': [1, (chance) => ({ 'bad-length': -chance.between(1, 60) }), 'bodies'],
  'until close': [2, () => ({ framing: 'close' })],
  'a body in chunks': [1, () => ({ framing: 'chunked' }), 'bodies'],
};

/** name -> [weight, further details]. */
const manners = {
  'reads to the end': [72, none],
  'reads to the end and closes': [6, none],
  'reads slowly': [3, none],
  'stops reading and leaves': [
    2,
    (chance) => ({ afterMs: chance.between(20, 200), by: chance.pick(['close', 'reset', 'halfClose']) }),
  ],
  'sends its request in pieces': [3, none],
  'sends its body in chunks': [2, none],
  'sends too much': [0.5, none],
  'speaks HTTP/1.0': [2, none],
  'leaves before the head': [
    4,
    (chance) => ({ afterMs: chance.below(40), by: chance.pick(['close', 'reset', 'halfClose']) }),
  ],
  'leaves in mid-body': [
    6,
    (chance) => ({ afterBytes: chance.below(4000), by: chance.pick(['close', 'reset', 'halfClose']) }),
  ],
  'sends half of its body': [1.5, (chance) => ({ by: chance.pick(['close', 'reset', 'halfClose']) })],
  'sends half of its head': [0.7, none],
  'sends garbage': [0.8, (chance) => ({ garbage: chance.below(garbage.length) })],
};

/** What they do shows where there is more than sockets hold. */
const slowManners = ['reads slowly', 'stops reading and leaves'];

/** No requests: none of them is a call. */
export const garbage = [
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'GET / HTTP/9.9\r\n\r\n',
  'nonsense\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n',
  'POST /v1/openai/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n',
];

const rowsOf = (table, suits = () => true) =>
  Object.entries(table)
    .filter(([, row]) => suits(row))
    .map(([name, row]) => [row[0], name]);
const operationRows = Object.entries(operations).map(([name, { weight }]) => [weight, name]);
const faultRows = Object.fromEntries(
  [true, false].map((isStream) => [
    isStream,
    rowsOf(faults, ([, , only]) => only === undefined || (only === 'streams') === isStream),
  ]),
);
const mannerRows = rowsOf(manners);

/** The longest body that the gateway of a run takes. */
export const bodyBytesMax = 64 << 10;

/** Providers that cannot be reached: settings of the gateway of the run. */
export const deadProviders = ['refusing', 'silent'];

/**
 * Call `number` of a run. `calm`: nothing goes wrong at either side. {number, traceId, parentSpanId, isSampled, session,
 * operation (its name), provider, prefix, path (below the agent's), body, headers, fault, manner, tool, agent: a number
 * to choose one by, or 'default', or 'unknown'}.
 */
export function planOf(seed, number, { calm = false } = {}) {
  const chance = new Chance(seed, number);
  const operation = chance.weighted(operationRows);
  const { provider, models, path, body, isStream = false, hasTools, headers } = operations[operation];
  const model = chance.pick(models);
  const tool = hasTools && chance.is(0.2) ? chance.pick(tools) : undefined;
  const fault = calm ? 'none' : chance.weighted(faultRows[isStream]);
  const manner = calm ? 'reads to the end' : chance.weighted(mannerRows);
  const isDead = !calm && provider === 'openai' && body !== undefined && chance.is(0.015);
  const agent = chance.weighted([
    [50, 'default'],
    [48, chance.below(1 << 20)],
    [calm ? 0 : 1, 'unknown'],
  ]);
  const [, tell, , fields] = faults[fault];
  const sim = {
    tokens: chance.between(2, 12),
    ...tell(chance, { isStream }),
    ...fields,
    ...(tool && { 'tool-calls': chance.between(1, 2) }),
  };
  const details = manners[manner][1](chance);
  if (slowManners.includes(manner) && chance.is(0.5))
    Object.assign(
      sim,
      isStream ? { tokens: chance.between(2_000, 20_000) } : { 'body-bytes': chance.between(500_000, 3_000_000) },
    );
  const plan = {
    number,
    traceId: seed.toString(16).padStart(16, '0') + (number + 1).toString(16).padStart(16, '0'),
    parentSpanId: (number + 1).toString(16).padStart(16, '0'),
    isSampled: calm || !chance.is(0.02),
    session: `session-${number}`,
    operation,
    prefix: isDead
      ? chance.weighted([
          [4, 'refusing'],
          [1, 'silent'],
        ])
      : provider,
    model,
    tool,
    fault: isDead ? 'none' : fault,
    manner,
    details,
    agent,
  };
  plan.path = path(plan);
  plan.body =
    body && chance.is(0.01) && !calm ? '{"model": "gpt-4o", "messages": [' : body && JSON.stringify(body(plan));
  if (body && manner === 'sends too much') plan.body = plan.body.padEnd(bodyBytesMax + chance.between(1, 100_000));
  plan.method = body ? 'POST' : 'GET';
  plan.headers = {
    ...(body && { 'Content-Type': 'application/json' }),
    ...headers,
    ...Object.fromEntries(Object.entries(sim).map(([name, value]) => [`x-sim-${name}`, `${value}`])),
    'X-Archestra-Session-Id': plan.session,
    traceparent: `00-${plan.traceId}-${plan.parentSpanId}-${plan.isSampled ? '01' : '00'}`,
  };
  return plan;
}

export const numberOf = (traceId) => parseInt(traceId.slice(16), 16) - 1;
