// That restarts lose no call: gateways follow one another on sockets that somebody keeps, under load by clients that
// never try again.

import { KeptSocket, activation } from '../support/activation.mjs';
import { Gateway, Simulator } from '../support/gateway.mjs';
import { Load } from '../support/load.mjs';
import { until, within } from '../support/until.mjs';

export const title = 'Restarts';

const callsWanted = 50_000;
const orders = ['beside', 'after', 'beside', 'after', 'beside', 'after', 'beside', 'after'];
const streamSeconds = 8;

const clients = [
  { count: 16, what: 'call after call on a kept connection', kind: { sim: { tokens: 3 } } },
  { count: 8, what: 'up to 50 ms between calls on a kept connection', kind: { thinkMs: 50, sim: { tokens: 3 } } },
  { count: 16, what: 'up to 3 s between calls on a kept connection', kind: { thinkMs: 3000, sim: { tokens: 3 } } },
  { count: 8, what: 'a new connection for each call', kind: { kept: false, thinkMs: 20, sim: { tokens: 3 } } },
  {
    count: 16,
    what: `streams of ${streamSeconds} s`,
    kind: { stream: true, sim: { tokens: streamSeconds * 10, 'token-interval-ms': 100 } },
  },
];

class Series {
  restarts = []; // {order, streaming, longestMs}
  gateways = [];

  constructor(sockets, simulator) {
    this.sockets = sockets;
    this.simulator = simulator;
  }

  async start() {
    const gateway = await Gateway.start({
      activation: activation(this.sockets),
      openaiBaseUrl: this.simulator.baseUrl,
      of: this.gateways.at(-1),
    });
    this.gateways.push(gateway);
  }

  async restart(order, load) {
    const old = this.gateways.at(-1);
    load.longestMs = 0;
    const restart = { order, streaming: load.streaming };
    const next = order === 'beside' ? this.start() : null;
    old.program.kill('SIGTERM');
    if (next) await next;
    await within('the end of the old gateway', old.program.ended, 60_000);
    if (!next) await this.start();
    await until('calls', () => load.calls > 0);
    this.restarts.push(restart);
    return restart;
  }
}

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  const sockets = { api: await KeptSocket.open(), metrics: await KeptSocket.open() };
  const simulator = await Simulator.start({ args: ['--journal', '0'] });
  const series = new Series(sockets, simulator);
  await series.start();
  const load = new Load(sockets.api.port);
  for (const { count, kind } of clients) load.add(count, kind);
  const reached = (calls) => until('calls', () => load.calls >= calls, { withinMs: 600_000 });
  for (const [i, order] of orders.entries()) {
    await reached(((i + 1) * callsWanted) / (orders.length + 1));
    const restart = await series.restart(order, load);
    const calls = load.calls;
    await reached(calls + 1000); // those that waited are among them
    restart.longestMs = load.longestMs;
    note(`restart ${i + 1} of ${orders.length}: ${load.calls} calls, ${load.failures.length} failed`);
  }
  await reached(callsWanted);
  await load.stop();
  const exits = [];
  series.gateways.at(-1).program.kill('SIGTERM');
  for (const { program } of series.gateways) exits.push(await within('its end', program.ended, 60_000));
  await series.gateways[0].discard();
  await simulator.stop();
  Object.values(sockets).forEach((socket) => socket.close());
  const lines = series.gateways.flatMap((gateway) => gateway.accessLog);
  const completed = lines.filter(({ outcome }) => outcome === 'completed').length;
  for (const failure of load.failures.slice(0, 10)) note(failure);
  const holds =
    load.failures.length === 0 &&
    completed === load.calls &&
    lines.length === load.calls &&
    exits.every(({ code }) => code === 0) &&
    series.restarts.every(({ streaming }) => streaming > 0);
  return { lines: report(series.restarts, load, { logged: lines.length, completed }), holds };
}

function report(restarts, load, { logged, completed }) {
  const row = ({ order, streaming, longestMs }, i) =>
    `| ${i + 1} | ${order === 'beside' ? 'beside the old one' : 'after its end'} | ${streaming} | ${(longestMs / 1000).toFixed(1)} s |`;
  return [
    'Gateways follow one another on listening sockets that the proof keeps open, as systemd does. The old one gets SIGTERM;',
    'the next one is started at the same moment, or when the old one has ended. Clients work all the time, take any error',
    'for the end of a call, and never try again:',
    '',
    ...clients.map(({ count, what }) => `- ${count}: ${what}`),
    '',
    'Where the next one comes after the end of the old one, calls wait in the kernel until the last stream has ended; a kept',
    'connection whose stream ends in the drain may begin one more.',
    '',
    '| restart | the next one was started | streams under way | longest other call around it |',
    '| --- | --- | --- | --- |',
    ...restarts.map(row),
    '',
    `${load.calls} calls, ${load.failures.length} failed. The gateways' logs have ${logged} calls, ${completed} completed.`,
  ];
}
