// SIGHUP: the configuration is read again, what can change does, and what is wrong changes nothing.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { Client, exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { temporaryFolder } from '../support/program.mjs';
import { until, within } from '../support/until.mjs';

const first = 'access_log_level = "info"\ndrain_timeout_ms = 30000\nretries = 0\n';

let folder;
let gateway;
before(async () => {
  folder = await temporaryFolder();
  await configure(first);
  gateway = await Gateway.start({ env: { ARCHESTRA_CONFIG: configFile() } });
});
after(async () => {
  if (gateway.program.isRunning) await gateway.stop();
  else await gateway.discard();
  await folder.remove();
});
beforeEach(() => reload(first));

const configFile = () => join(folder.path, 'archestra.toml');
const configure = (toml) => writeFile(configFile(), toml);
const levels = async () => (await gateway.api('GET', '/log-levels')).json;

/** The lines that the process's log has got by a SIGHUP with this file. */
async function reload(toml) {
  await configure(toml);
  const seen = gateway.program.stderr.length;
  gateway.program.kill('SIGHUP');
  const told = () => gateway.program.stderr.slice(seen).map((line) => JSON.parse(line));
  await until('a word about it', () => told().some(({ message }) => message.startsWith('the configuration')));
  await levels(); // answered, so that a line behind the first one is here too
  return told();
}

test('a level that the file changes', async () => {
  const [line] = await reload(first.replace('info', 'debug'));
  assert.deepEqual([line.level, line.changed], ['info', 'access_log_level']);
  assert.equal((await levels()).accessLog, 'debug');
  await exchange(gateway.apiPort, 'GET', '/health');
  await until('a line that only debug has', () => gateway.accessLog.some(({ route }) => route === '/health'));
});

test('a level that was set through the API outlives a file that does not change it', async () => {
  assert.equal((await gateway.api('PUT', '/log-levels', { accessLog: 'error' })).status, 200);
  await reload(first.replace('30000', '20000'));
  assert.equal((await levels()).accessLog, 'error');
  await gateway.api('PUT', '/log-levels', { accessLog: 'info' });
});

test('settings are shown as they are in force', async () => {
  await reload(first.replace('30000', '20000').replace('retries = 0', 'retries = 2'));
  const { settings } = (await gateway.api('GET', '/settings')).json;
  const shown = (name) => settings.find((setting) => setting.name === name);
  const { value, source, reloads } = shown('ARCHESTRA_DRAIN_TIMEOUT_MS');
  assert.deepEqual([value, source, reloads], ['20000', 'file', true]);
  assert.deepEqual([shown('ARCHESTRA_RETRIES').value, shown('ARCHESTRA_RETRIES').reloads], ['0', false]);
});

test('what takes a restart is named, as long as it differs', async () => {
  for (let i = 0; i < 2; i += 1) {
    const lines = await reload(first.replace('retries = 0', 'retries = 2'));
    assert.deepEqual([lines.at(-1).level, lines.at(-1).settings], ['warn', 'retries']);
  }
  assert.equal((await reload(first)).length, 1);
});

for (const [name, toml, why] of [
  ['a bad value', 'access_log_level = "loud"\n', /ARCHESTRA_ACCESS_LOG_LEVEL \(file\): "loud" is not accepted/],
  ['an unknown setting', 'access_log_level = "debug"\nretires = 1\n', /there is no setting "retires"/],
  ['no TOML', 'access_log_level = \n', /archestra\.toml: /],
])
  test(`${name} changes nothing, and is told`, async () => {
    const lines = await reload(toml);
    assert.deepEqual([lines.length, lines[0].level], [1, 'error']);
    assert.match(lines[0].why, why);
    assert.equal((await levels()).accessLog, 'info');
    assert.equal((await exchange(gateway.apiPort, 'GET', '/ready')).status, 200);
  });

test('the drain limit, at the next drain', async () => {
  await reload(first.replace('30000', '100'));
  const client = await Client.connect(gateway.apiPort);
  await client.send('GET /health HTTP/1.1\r\n'); // and never the rest
  const started = performance.now();
  gateway.program.kill('SIGTERM');
  const { code } = await within('the end', gateway.program.ended);
  client.close();
  assert.equal(code, 0);
  assert.ok(performance.now() - started < 8_000, 'the head may take 10 s');
});
