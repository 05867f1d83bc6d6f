// What deploy/ has for Prometheus and Grafana, without a gateway: files that are made of others are current, promtool finds
// nothing and the rules' own tests pass, each alert has its page, and the dashboards get into a Grafana.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { files as dashboardFiles } from '../../deploy/grafana/generate.mjs';
import { files as ruleFiles } from '../../deploy/prometheus/generate.mjs';
import { rules } from '../../deploy/prometheus/source.mjs';
import { ExpressionCheck } from '../support/expression_check.mjs';
import { Grafana } from '../support/grafana.mjs';
import { temporaryFolder } from '../support/program.mjs';
import { prometheusMissing, runPromtool } from '../support/prometheus.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFile(join(root, path), 'utf8');
const { recording, alerts } = rules();
const alertNames = alerts.flatMap((group) => group.rules.map(({ alert }) => alert));

test('generated files are what their sources make', async () => {
  const made = { 'deploy/prometheus/rules': ruleFiles(), 'deploy/grafana/dashboards': dashboardFiles };
  for (const [folder, files] of Object.entries(made)) {
    assert.deepEqual((await readdir(join(root, folder))).sort(), Object.keys(files).sort());
    for (const [name, expected] of Object.entries(files))
      assert.equal(await read(join(folder, name)), expected, `run ${folder}/../generate.mjs`);
  }
});

test('the scrape configuration is the documented one', async () => {
  const documented = `scrape_configs:
  - job_name: 'archestra-backend'
    static_configs:
      - targets: ['localhost:9050']`;
  const config = await read('deploy/prometheus/prometheus.yml');
  assert.ok(config.includes(documented));
  assert.match(config, /^ {4}scrape_interval: 15s\n {4}metrics_path: \/metrics$/m);
});

describe('promtool', { skip: prometheusMissing }, () => {
  const passes = async (...args) => {
    const { status, output } = await runPromtool(args, { cwd: root });
    assert.equal(status, 0, output);
    return output;
  };
  test('check config', () => passes('check', 'config', 'deploy/prometheus/prometheus.yml'));
  test('check rules', async () => {
    const output = await passes('check', 'rules', 'deploy/prometheus/rules/alerts.yml', 'deploy/prometheus/rules/recording.yml');
    assert.match(output, new RegExp(`${alertNames.length} rules found`));
  });
  test('test rules', () => passes('test', 'rules', 'deploy/prometheus/tests/alerts.yml'));
  test('the rules of shortened windows are rules too', async () => {
    const folder = await temporaryFolder();
    try {
      const generate = join(root, 'deploy/prometheus/generate.mjs');
      const child = spawn(process.execPath, [generate, '--out', folder.path, '--scale', '0.005'], { stdio: 'inherit' });
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      await passes('check', 'rules', join(folder.path, 'alerts.yml'), join(folder.path, 'recording.yml'));
      assert.match(await readFile(join(folder.path, 'recording.yml'), 'utf8'), /\[1500ms\]/);
    } finally {
      await folder.remove();
    }
  });
});

describe('alerts', () => {
  test('say what is wrong, how bad it is, and where to read on', () => {
    for (const { alert, labels, annotations } of alerts.flatMap((group) => group.rules)) {
      assert.match(labels.severity, /^(critical|warning)$/, alert);
      assert.ok(annotations.summary.length > 20 && annotations.description.length > 40, alert);
      assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`);
    }
  });

  test('fire and do not fire in the tests of the rules', async () => {
    const tests = await read('deploy/prometheus/tests/alerts.yml');
    for (const alert of alertNames) assert.ok(tests.includes(alert), alert);
  });

  test('have a page each, whose queries name what there is', async () => {
    const check = new ExpressionCheck({ agentLabels: [], recorded: recording.flatMap((group) => group.rules) });
    assert.deepEqual((await readdir(join(root, 'docs/runbooks'))).sort(), alertNames.map((name) => `${name}.md`).sort());
    for (const alert of alertNames) {
      const page = await read(`docs/runbooks/${alert}.md`);
      assert.ok(page.startsWith(`# ${alert}\n`));
      const parts = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
      assert.deepEqual(parts, ['What it means for users', 'How to find the reason', 'What to do'], alert);
      const queries = [...page.matchAll(/^ *```promql\n([^]*?)\n *```$/gm)].map(([, query]) => query.trim());
      assert.ok(queries.length > 0, alert);
      for (const query of queries) assert.deepEqual(check.complaints(query), [], `${alert}: ${query}`);
      for (const [, link] of page.matchAll(/\]\(([^)#]+)/g)) await stat(join(root, 'docs/runbooks', link));
    }
  });
});

describe('install.sh', () => {
  let grafana;
  before(async () => (grafana = await Grafana.start()));
  after(() => grafana.stop());

  /** {code, output} of a run; `env` is all it has of GRAFANA_*. */
  async function install(args, env = {}) {
    const { PATH } = process.env;
    const child = spawn(join(root, 'deploy/grafana/install.sh'), args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, output: `${stdout}${stderr}` };
  }
  const editor = { GRAFANA_TOKEN: 'glsa_editor' };

  test('puts every dashboard into its folder, and again', async () => {
    for (const version of [1, 2]) {
      const { code, output } = await install(['--url', `${grafana.url}/`], editor);
      assert.equal(code, 0, output);
      assert.match(output, /Grafana 11\.3\.0/);
      assert.deepEqual([...grafana.folders], [['archestra', { title: 'Archestra' }]]);
      assert.equal(grafana.dashboards.size, Object.keys(dashboardFiles).length);
      for (const { dashboard, folderUid, version: saved } of grafana.dashboards.values()) {
        assert.deepEqual(dashboard, JSON.parse(dashboardFiles[`${dashboard.uid}.json`]));
        assert.deepEqual([folderUid, saved], ['archestra', version]);
        assert.ok(output.includes(`${grafana.url}/d/${dashboard.uid}/`), output);
      }
    }
    assert.equal(grafana.requests.filter(({ path }) => path === '/api/folders').length, 1, 'the folder is made once');
  });

  test('takes a user and a password, with characters of all kinds', async () => {
    const { code, output } = await install([], { GRAFANA_URL: grafana.url, GRAFANA_USER: 'admin', GRAFANA_PASSWORD: 'a "pass\\word"' });
    assert.equal(code, 0, output);
  });

  const mistakes = {
    'without credentials': [() => ['--url', grafana.url], {}, /set GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD/],
    'with wrong ones': [() => ['--url', grafana.url], { GRAFANA_TOKEN: 'wrong' }, /does not know these credentials \(401: Invalid API key\)/],
    'who may only look': [() => ['--url', grafana.url], { GRAFANA_TOKEN: 'glsa_viewer' }, /need the role Editor \(403/],
    'where nobody listens': [() => ['--url', 'http://127.0.0.1:1'], editor, /no answer from http:\/\/127\.0\.0\.1:1/],
    'where no Grafana is': [() => ['--url', `${grafana.url}/elsewhere`], editor, /there is no Grafana at/],
    'without a scheme': [() => ['--url', 'grafana'], editor, /--url wants http/],
    'without a place': [() => [], editor, /say where to: --url or --provision/],
    'with an unknown option': [() => ['--uri', 'x'], editor, /'--uri' is not known/],
    'with an option without value': [() => ['--folder'], editor, /--folder needs a value/],
  };
  for (const [name, [args, env, expected]] of Object.entries(mistakes)) {
    test(`${name}: says so`, async () => {
      const { code, output } = await install(args(), env);
      assert.equal(code, 1, output);
      assert.match(output, expected);
    });
  }

  test('tells what Grafana said where it refuses', async () => {
    const other = await Grafana.start();
    other.folders.set('mine', { title: 'Archestra' });
    const { code, output } = await install(['--url', other.url], editor);
    await other.stop();
    assert.equal(code, 1);
    assert.match(output, /would not make the folder 'Archestra' \(409: a folder with the same name already exists/);
  });

  test('writes files for provisioning', async () => {
    const folder = await temporaryFolder();
    try {
      for (let i = 0; i < 2; i += 1) {
        const { code, output } = await install(['--provision', folder.path, '--folder', 'The "gateway"']);
        assert.equal(code, 0, output);
      }
      const provider = await readFile(join(folder.path, 'dashboards/archestra.yaml'), 'utf8');
      assert.match(provider, /folder: "The \\"gateway\\""/);
      const [, path] = /path: "(.*)"/.exec(provider);
      for (const [name, content] of Object.entries(dashboardFiles))
        assert.equal(await readFile(join(path, name), 'utf8'), content);
    } finally {
      await folder.remove();
    }
  });

  test('--help says how', async () => {
    const { code, output } = await install(['--help']);
    assert.equal(code, 0);
    for (const word of ['--url', '--provision', '--folder', 'GRAFANA_TOKEN', 'GRAFANA_PASSWORD']) assert.ok(output.includes(word));
  });
});
