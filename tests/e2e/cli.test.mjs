// The command line: what a person or a script sees before any call is made.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { run, temporaryFolder } from '../support/program.mjs';

const commands = ['serve', 'simulate', 'check-config', 'healthcheck', 'version'];

let folder;
before(async () => (folder = await temporaryFolder()));
after(() => folder.remove());

/** Runs a command in a folder of its own, so that nothing there configures it. */
function command(args, env = {}) {
  return run(args, { env, cwd: folder.path });
}

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout } = await command(['--help']);
    assert.equal(code, 0);
    for (const name of commands) assert.match(stdout, new RegExp(`\\b${name}\\b`));
  });

  for (const name of commands) {
    test(`of ${name}`, async () => {
      const { code, stdout, stderr } = await command([name, '--help']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`\\b${name}\\b`));
    });
  }

  test('of serve names every setting of the contract', async () => {
    const { stdout } = await command(['serve', '--help']);
    for (const name of [
      'ARCHESTRA_API_PORT',
      'ARCHESTRA_METRICS_PORT',
      'ARCHESTRA_BIND',
      'ARCHESTRA_THREADS',
      'ARCHESTRA_DATA_DIR',
      'ARCHESTRA_OPENAI_BASE_URL',
      'ARCHESTRA_API_BODY_LIMIT',
      'ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT',
      'ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_BEARER',
      'ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_USERNAME',
      'ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_PASSWORD',
    ]) {
      assert.ok(stdout.includes(name), name);
    }
  });

  test('is pointed to by a command that is not known', async () => {
    const { code, stdout, stderr } = await command(['serv']);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /serv/);
  });
});

test('version is the one /health tells', async () => {
  const gateway = await Gateway.start();
  try {
    const { code, stdout } = await command(['version']);
    assert.equal(code, 0);
    const { version } = JSON.parse((await exchange(gateway.apiPort, 'GET', '/health')).body);
    assert.ok(stdout.split(/\s+/).includes(version), `${stdout} has no ${version}`);
  } finally {
    await gateway.stop();
  }
});

describe('check-config', () => {
  test('prints the effective configuration, secrets masked', async () => {
    const { code, stdout, stderr } = await command(['check-config'], {
      ARCHESTRA_API_PORT: '9123',
      ARCHESTRA_OPENAI_BASE_URL: 'https://models.example/v1',
      ARCHESTRA_OTEL_EXPORTER_OTLP_AUTH_BEARER: 'very-secret',
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\b9123\b/);
    assert.match(stdout, /\b9050\b/, 'defaults are shown too');
    assert.ok(stdout.includes('https://models.example/v1'));
    assert.ok(!stdout.includes('very-secret') && !stderr.includes('very-secret'));
  });

  test('says what is wrong', async () => {
    const { code, stdout, stderr } = await command(['check-config'], { ARCHESTRA_API_PORT: 'many' });
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /ARCHESTRA_API_PORT.*many/);
  });
});

describe('a bad value stops the start with one line', () => {
  const values = {
    ARCHESTRA_API_PORT: ['x', '70000', '-1', ''],
    ARCHESTRA_METRICS_PORT: ['9050x'],
    ARCHESTRA_THREADS: ['-2', 'two'],
    ARCHESTRA_BIND: ['not an address'],
    ARCHESTRA_OPENAI_BASE_URL: ['ftp://models.example', 'models', 'http://'],
    ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318/x y', 'gopher://a'],
    ARCHESTRA_API_BODY_LIMIT: ['lots', '-1MB', '10 parsecs'],
    ARCHESTRA_UPSTREAM_IDLE_TIMEOUT_MS: ['soon', '-5'],
    ARCHESTRA_LOG_LEVEL: ['loud'],
    ARCHESTRA_CA_FILE: ['/no/such/file.pem'],
    OTEL_TRACES_EXPORTER: ['carrier-pigeon'],
  };
  for (const [name, bad] of Object.entries(values)) {
    for (const value of bad.filter((own) => own !== '')) {
      test(`${name}=${value}`, async () => {
        const { code, signal, stdout, stderr } = await command(['serve'], {
          ARCHESTRA_API_PORT: '0',
          ARCHESTRA_METRICS_PORT: '0',
          [name]: value,
        });
        assert.equal(signal, null);
        assert.notEqual(code, 0);
        assert.equal(stdout, '');
        const lines = stderr.split('\n').filter((line) => line !== '');
        assert.equal(lines.length, 1, stderr);
        assert.ok(lines[0].includes(name), `${lines[0]} does not name ${name}`);
        assert.ok(lines[0].includes(value), `${lines[0]} does not name ${value}`);
      });
    }
  }

  test('a flag that is not known', async () => {
    const { code, stdout, stderr } = await command(['serve', '--no-such-flag']);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /no-such-flag/);
  });

  test('a port that is taken', async () => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const { code, signal, stderr } = await command(['serve'], {
      ARCHESTRA_API_PORT: String(port),
      ARCHESTRA_METRICS_PORT: '0',
      ARCHESTRA_DATA_DIR: join(folder.path, 'taken'),
    });
    server.close();
    assert.equal(signal, null);
    assert.notEqual(code, 0);
    assert.ok(stderr.includes(String(port)), stderr);
  });
});

describe('settings', () => {
  test('of a flag win over the environment, of the environment over the file', async () => {
    const file = join(folder.path, 'archestra.toml');
    await writeFile(file, 'threads = 1\nopenai_base_url = "http://from-file.example/v1"\nlog_level = "warn"\n');
    const { code, stdout, stderr } = await command(
      ['check-config', '--config', file, '--openai-base-url', 'http://from-flag.example/v1'],
      { ARCHESTRA_OPENAI_BASE_URL: 'http://from-environment.example/v1', ARCHESTRA_THREADS: '3' },
    );
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes('http://from-flag.example/v1'));
    assert.ok(!stdout.includes('from-environment') && !stdout.includes('from-file'));
    assert.match(stdout, /threads\W+3\b/i);
    assert.match(stdout, /log_level\W+"?warn\b/i);
  });

  test('of a file with a key that is not known are refused', async () => {
    const file = join(folder.path, 'bad.toml');
    await writeFile(file, 'thread = 1\n');
    const { code, stdout, stderr } = await command(['check-config', '--config', file]);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /thread\b/);
  });
});

describe('ports.json', () => {
  test('tells the ports in use, and the log too', async () => {
    const gateway = await Gateway.start();
    try {
      const ports = JSON.parse(await readFile(join(gateway.dataFolder, 'ports.json'), 'utf8'));
      assert.deepEqual(Object.keys(ports).sort(), ['api', 'metrics']);
      const logged = gateway.program.stderr.join('\n');
      assert.ok(logged.includes(String(ports.api)) && logged.includes(String(ports.metrics)), logged);
      for (const line of gateway.program.stderr) assert.equal(typeof JSON.parse(line).message, 'string');
    } finally {
      await gateway.stop();
    }
  });
});

describe('healthcheck', () => {
  test('is 0 where a gateway answers', async () => {
    const gateway = await Gateway.start();
    try {
      const { code, stderr } = await command(['healthcheck'], {
        ARCHESTRA_DATA_DIR: gateway.dataFolder,
        ARCHESTRA_API_PORT: String(gateway.apiPort),
      });
      assert.equal(code, 0, stderr);
    } finally {
      await gateway.stop();
    }
  });

  test('is not 0 where none does', async () => {
    const gateway = await Gateway.start();
    const port = String(gateway.apiPort);
    await gateway.stop();
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    const { code, signal } = await command(['healthcheck'], { ARCHESTRA_DATA_DIR: empty, ARCHESTRA_API_PORT: port });
    assert.equal(signal, null);
    assert.notEqual(code, 0);
  });
});
