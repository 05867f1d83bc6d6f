// Faults of the gateway itself and of what it stands on, one after the other.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { agentWith, block } from '../../support/policies.mjs';
import { confuseOutcome, miscount } from './memory_faults.mjs';
import { jobs } from './scene.mjs';
import { Steady } from './steady.mjs';

const job = jobs.own;
const agentsTooMany = 15;
const faults = [
  collectorRefuses,
  collectorIsBusy,
  labelSetsRunOut,
  policyBreaks,
  storeIsLocked,
  outcomeIsConfused,
  callsAreMiscounted,
  processIsKilled,
];

/** Rows of the report. */
export async function gatewayFaults(scene, note) {
  const rows = [];
  const timed = async (fault) => {
    const found = await scene.time({ job, ...fault });
    for (const { alert, failed } of found) note(`${alert}: ${failed ?? 'fired and was resolved'}`);
    rows.push(...found);
  };
  const usual = new Steady(scene.own, { perSecond: 10 });
  for (const fault of faults) await timed(fault(scene));
  await usual.stop();
  return rows;
}

function collectorRefuses({ collector }) {
  return {
    alerts: [{ alert: 'ArchestraTelemetryDropped', signal: 'traces' }],
    fault: 'the collector refuses spans with 400',
    mended: 'it takes them again',
    breaks: async () => (collector.answer = { status: 400, headers: {} }),
    mends: async () => (collector.answer = { status: 200, headers: {} }),
  };
}

function collectorIsBusy({ collector }) {
  return {
    alerts: [{ alert: 'ArchestraTelemetryUnsent', signal: 'traces' }],
    fault: 'the collector answers 503',
    mended: 'it takes spans again',
    breaks: async () => (collector.answer = { status: 503, headers: {} }),
    mends: async () => (collector.answer = { status: 200, headers: {} }),
  };
}

function labelSetsRunOut({ own }) {
  const ids = [];
  let loads = [];
  return {
    alerts: ['ArchestraLabelSetsFolded'],
    fault: `there are calls of ${agentsTooMany} agents more, and room for 8 label sets`,
    mended: 'these agents are deleted',
    breaks: async () => {
      for (let i = 0; i < agentsTooMany; i += 1) ids.push(await agentWith(own));
      loads = ids.map((id) => new Steady(own, { perSecond: 2, path: `/v1/openai/${id}/chat/completions` }));
    },
    mends: async () => {
      await Promise.all(loads.map((load) => load.stop()));
      for (const id of ids) assert.equal((await own.api('DELETE', `/agents/${id}`)).status, 204);
    },
  };
}

function policyBreaks({ own }) {
  const write = (pattern) => {
    const database = new DatabaseSync(join(own.dataFolder, 'archestra.db'));
    database.exec(`UPDATE tool_invocation_conditions SET condition_value = '${pattern}'`);
    database.close();
    own.program.kill('SIGHUP');
  };
  return {
    alerts: ['ArchestraPolicySetFailing'],
    fault: 'another program writes a pattern into the database that is none, and has the gateway reload',
    mended: 'it writes one that is, and has it reload again',
    breaks: async () => {
      await agentWith(own, { invocation: [block('x', { conditions: [{ key: 'a', operator: 'regex', value: 'b' }] })] });
      write('(');
    },
    mends: async () => write('b'),
  };
}

function storeIsLocked({ own }) {
  let other;
  let over = false;
  return {
    alerts: [{ alert: 'ArchestraStoreFailing', operation: 'write' }],
    fault: 'another program holds the lock of the database while agents are made',
    mended: 'it lets go',
    breaks: async () => {
      other = new DatabaseSync(join(own.dataFolder, 'archestra.db'));
      other.exec('BEGIN IMMEDIATE');
      (async () => {
        while (!over) await own.api('POST', '/agents', { name: 'waits' });
      })().catch(() => {});
    },
    mends: async () => {
      over = true;
      if (other.isOpen) other.close();
    },
  };
}

function outcomeIsConfused({ own }) {
  let calls;
  let mend;
  return {
    alerts: ['ArchestraInternalErrors'],
    fault: "in the process's memory, a byte of its table of errors is changed: a refused connection means internal_error; there are calls to such a provider",
    mended: 'the byte is as it was',
    breaks: async () => {
      mend = await confuseOutcome(own.program.pid);
      calls = new Steady(own, { perSecond: 5, path: '/v1/gone/chat/completions' });
    },
    mends: async () => {
      await mend?.();
      await calls?.stop();
    },
  };
}

function callsAreMiscounted(scene) {
  return {
    alerts: ['ArchestraAccountingDrift'],
    fault: "in the process's memory, the counter of begun calls is changed by 3",
    mended: 'the process is ended and started again',
    breaks: () => miscount(scene.own),
    mends: async () => {
      await scene.own.program.stop();
      await scene.startOwn();
    },
  };
}

function processIsKilled(scene) {
  return {
    alerts: ['ArchestraDown'],
    fault: 'the process is killed (SIGKILL)',
    mended: 'it is started again',
    breaks: async () => {
      scene.own.program.kill('SIGKILL');
      await scene.own.program.ended;
    },
    mends: () => scene.startOwn(),
  };
}
