// The command line: what a person or a script sees before any call is made.

import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exchange } from '../support/client.mjs';
import { Gateway } from '../support/gateway.mjs';
import { run, temporaryFolder } from '../support/program.mjs';

const commands = ['serve', 'simulate', 'check-config', 'healthcheck', 'admin-token', 'metrics-docs', 'version'];

const ipv6Missing = Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1')
  ? false
  : 'this machine has no IPv6';

let folder;
before(async () => (folder = await temporaryFolder()));
after(() => folder.remove());

/** Runs a command in a folder of its own, so that nothing there configures it. */
function command(args, env = {}) {
  return run(args, { env, cwd: folder.path });
}

/** A failure told as a person may want it: one line, exit status 2, no signal. */
function assertOneLine({ code, signal, stdout, stderr }, pattern) {
  assert.deepEqual({ code, signal, stdout }, { code: 2, signal: null, stdout: '' }, stderr);
  assert.equal(stderr.split('\n').length, 1, stderr);
  assert.match(stderr, pattern);
}

/** Settings with which `serve` would start. */
function startable(dataFolder) {
  return {
    ARCHESTRA_API_PORT: '0',
    ARCHESTRA_METRICS_PORT: '0',
    ARCHESTRA_DATA_DIR: dataFolder,
    ARCHESTRA_ADMIN_TOKEN: 'any', // else one is made, and printed before what is wrong
  };
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
      'ARCHESTRA_ADMIN_TOKEN',
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
    assertOneLine(await command(['serv']), /\bserv\b.*--help/);
  });

  test('is shown where there is no command', async () => {
    const { code, signal, stdout, stderr } = await command([]);
    assert.deepEqual({ code, signal, stdout }, { code: 2, signal: null, stdout: '' });
    for (const name of commands) assert.match(stderr, new RegExp(`\\b${name}\\b`));
  });
});

test('metrics-docs prints docs/metrics.md', async () => {
  const { code, stdout } = await command(['metrics-docs']);
  assert.equal(code, 0);
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  assert.equal(stdout.trimEnd(), page.trimEnd());
});

test('version is the one /health tells', async () => {
  const gateway = await Gateway.start();
  try {
    const { code, stdout } = await command(['version']);
    assert.equal(code, 0);
    const { version } = JSON.parse((await exchange(gateway.apiPort, 'GET', '/health')).body);
    assert.ok(stdout.split(/\s+/).includes(version), `${stdout} has no ${version}`);
    assert.deepEqual((await command(['--version'])).stdout, stdout);
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
    assertOneLine(await command(['check-config'], { ARCHESTRA_API_PORT: 'many' }), /ARCHESTRA_API_PORT.*many/);
  });

  test('names a variable that looks like a setting and is none', async () => {
    const { code, stdout, stderr } = await command(['check-config'], { ARCHESTRA_API_PROT: '9123' });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /ARCHESTRA_API_PROT\b/);
    assert.ok(!stdout.includes('9123'));
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
        const end = await command(['serve'], {
          ARCHESTRA_API_PORT: '0',
          ARCHESTRA_METRICS_PORT: '0',
          [name]: value,
        });
        assertOneLine(end, new RegExp(name));
        assert.ok(end.stderr.includes(value), `${end.stderr} does not name ${value}`);
      });
    }
  }

  for (const flag of ['--api-port x', '--api-port=', '--api-port', '--no-such-flag', 'check-config']) {
    test(`serve ${flag}`, async () => {
      assertOneLine(await command(['serve', ...flag.split(' ')]), /api-port|API_PORT|no-such-flag|check-config/);
    });
  }

  for (const name of ['ARCHESTRA_OPENAI_BASE_URL', 'ARCHESTRA_OTEL_EXPORTER_OTLP_ENDPOINT']) {
    test(`${name}, without the password in it`, async () => {
      const end = await command(['check-config'], { [name]: 'https://alice:pass-word@models.example/v1' });
      assertOneLine(end, new RegExp(`${name}.*models\\.example`));
      assert.doesNotMatch(end.stderr, /pass-word|alice/);
    });
  }

  test('a secret, without the secret', async () => {
    const name = 'OTEL_EXPORTER_OTLP_HEADERS';
    const end = await command(['check-config'], { [name]: 'api-key' });
    assertOneLine(end, new RegExp(name));
    assert.doesNotMatch(end.stderr, /api-key/);
  });

  test('a data folder below a file', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    assertOneLine(await command(['serve'], startable(join(file, 'data'))), /ARCHESTRA_DATA_DIR/);
  });

  test('a data folder in which ports.json cannot be written', async () => {
    const data = join(folder.path, 'unwritable');
    await mkdir(join(data, 'ports.json.tmp'), { recursive: true });
    assertOneLine(await command(['serve'], startable(data)), /ARCHESTRA_DATA_DIR.*ports\.json/);
  });

  test('a port that is taken', async () => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    try {
      const env = { ...startable(join(folder.path, 'taken')), ARCHESTRA_API_PORT: String(port) };
      assertOneLine(await command(['serve'], env), new RegExp(`\\b${port}\\b`));
    } finally {
      server.close();
    }
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

test('a variable that looks like a setting and is none is named at the start', async () => {
  const gateway = await Gateway.start({ env: { ARCHESTRA_API_PROT: '9123' } });
  try {
    const lines = gateway.program.stderr.map((line) => JSON.parse(line));
    assert.ok(lines.some(({ level, name }) => level === 'warn' && name === 'ARCHESTRA_API_PROT'), JSON.stringify(lines));
  } finally {
    await gateway.stop();
  }
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

  test('is gone when the gateway is', async () => {
    const gateway = await Gateway.start();
    try {
      await gateway.program.stop();
      assert.ok(!(await readdir(gateway.dataFolder)).includes('ports.json'));
    } finally {
      await gateway.discard();
    }
  });

  test('of another gateway is left alone', async () => {
    const gateway = await Gateway.start();
    try {
      const file = join(gateway.dataFolder, 'ports.json');
      const others = '{"api": 1, "metrics": 2}\n';
      await writeFile(file, others);
      await gateway.program.stop();
      assert.equal(await readFile(file, 'utf8'), others);
    } finally {
      await gateway.discard();
    }
  });
});

describe('healthcheck', () => {
  /** Runs it for a gateway that was started with `env`, on the port `port(gateway)`. */
  async function healthcheck(env, port) {
    const gateway = await Gateway.start({ env });
    try {
      return await command(['healthcheck'], {
        ...env,
        ARCHESTRA_DATA_DIR: gateway.dataFolder,
        ARCHESTRA_API_PORT: String(port(gateway)),
      });
    } finally {
      await gateway.stop();
    }
  }

  test('is 0 where a gateway answers', async () => {
    const { code, stderr } = await healthcheck({}, ({ apiPort }) => apiPort);
    assert.equal(code, 0, stderr);
  });

  test('finds the port in ports.json where the system chose it', async () => {
    const { code, stderr } = await healthcheck({}, () => 0);
    assert.equal(code, 0, stderr);
  });

  test('is 0 for a gateway on all addresses', async () => {
    const { code, stderr } = await healthcheck({ ARCHESTRA_BIND: '0.0.0.0' }, () => 0);
    assert.equal(code, 0, stderr);
  });

  test('is 0 for a gateway on all IPv6 addresses', { skip: ipv6Missing }, async () => {
    const { code, stderr } = await healthcheck({ ARCHESTRA_BIND: '::,127.0.0.1' }, () => 0);
    assert.equal(code, 0, stderr);
  });

  test('is 1 where none answers', async () => {
    const gateway = await Gateway.start();
    const port = String(gateway.apiPort);
    await gateway.stop();
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    for (const given of [port, '0']) {
      const end = await command(['healthcheck'], { ARCHESTRA_DATA_DIR: empty, ARCHESTRA_API_PORT: given });
      assert.deepEqual({ code: end.code, signal: end.signal }, { code: 1, signal: null });
    }
  });
});
