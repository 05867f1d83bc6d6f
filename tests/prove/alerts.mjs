// That each alert of deploy/prometheus fires when what it is about happens, and ends when that is over: real faults, a real
// Prometheus with the real rules, whose windows and waits are shortened, and a real Alertmanager.

import { alertsOfRules, withScene } from './alerts/scene.mjs';
import { gatewayFaults } from './alerts/gateway_faults.mjs';
import { trafficFaults } from './alerts/traffic_faults.mjs';

export const title = 'Alerts';

/** Five minutes become 2.5 s, a day twelve minutes. */
const scale = 1 / 120;

/** {lines, holds}: a report in Markdown, and whether everything in it is as it should be. */
export async function run(note) {
  return withScene(scale, async (scene) => {
    const rows = (await Promise.all([trafficFaults(scene, note), gatewayFaults(scene, note)])).flat();
    const shown = new Set(rows.filter(({ failed }) => !failed).map(({ alert }) => alert));
    const missing = alertsOfRules().filter((alert) => !shown.has(alert));
    if (missing.length > 0) note(`not shown: ${missing.join(', ')}`);
    const holds = missing.length === 0 && rows.every(({ failed }) => !failed);
    return { lines: report(rows, scene.besides(rows)), holds };
  });
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function report(rows, besides) {
  return [
    `Rules of \`deploy/prometheus\` with every window and wait divided by ${Math.round(1 / scale)}, a Prometheus that scrapes twice a second, and an`,
    'Alertmanager. Each fault is a real one, beneath or before the gateway, with calls as usual beside it; it is mended when all',
    'its alerts have fired. Times are those at which Alertmanager told its receiver, from the fault and from its end on. In',
    'operation they are longer by the same factor, but for what is not made of windows. Two alerts stand for mistakes of the',
    'gateway that nobody knows how to bring about from outside: there, bytes in the memory of the running process are',
    'changed, as a flipped bit would, and the gateway does the rest itself.',
    '',
    '| alert | fault | fired after | mended by | resolved after |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ alert, fault, failed, fired, mended, resolved }) =>
      ['', alert, fault, failed ?? seconds(fired), mended, failed ? '' : seconds(resolved), ''].join(' | ').trim(),
    ),
    '',
    `Besides these, Alertmanager told of ${besides.length === 0 ? 'nothing' : besides.join(', ')}.`,
  ];
}
