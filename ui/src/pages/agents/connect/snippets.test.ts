import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import ts from 'typescript';
import { agentBaseUrl, clients, type Step } from './snippets.ts';

const kAgent = { id: '0dd1dad2-9a66-48b3-9404-5f9340a78fe1', isDefault: false };
const baseOf = (dialect: string) => agentBaseUrl(`https://gateway.example.com:9000/v1/${dialect}`, kAgent);
const all = clients.flatMap((client) => client.steps(baseOf(client.dialect)).map((step) => ({ ...step, client })));
const codeIn = (language: Step['language']) => all.filter((step) => step.language === language);

test('every client is there, once', () => {
  assert.equal(new Set(clients.map(({ id }) => id)).size, clients.length);
  for (const group of ['OpenAI SDK', 'Anthropic SDK', 'Gemini SDK', 'Vercel AI SDK', 'LangChain, Python', 'LangChain, JavaScript', 'Terminal', 'curl'])
    assert.ok(clients.some((client) => client.group === group), group);
});

test('each names the base URL of the agent, with what its client puts behind it and no more', () => {
  const kBehind: Record<string, string> = {
    'vercel-anthropic': '/v1',
    'vercel-google': '/v1beta',
    'curl-openai': '/chat/completions',
    'curl-anthropic': '/v1/messages',
    'curl-gemini': '/v1beta/models/gemini-3.8-flash:generateContent',
  };
  for (const client of clients) {
    const text = client.steps(baseOf(client.dialect)).map(({ code }) => code).join('\n');
    const urls = text.match(/https:\/\/gateway[^\s"'\\]*/g) ?? [];
    assert.ok(urls.length > 0, client.id);
    for (const url of urls) assert.equal(url, baseOf(client.dialect) + (kBehind[client.id] ?? ''), client.id);
  }
});

test('the default agent needs no id', () => {
  assert.equal(agentBaseUrl('http://x/v1/openai', { ...kAgent, isDefault: true }), 'http://x/v1/openai');
});

test('JavaScript parses', () => {
  const found = codeIn('javascript');
  assert.ok(found.length >= 9);
  for (const { client, code } of found) {
    const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true, compilerOptions: { module: ts.ModuleKind.ESNext } });
    assert.deepEqual(diagnostics?.map(({ messageText }) => messageText), [], client.id);
  }
});

test('JSON parses', () => {
  const found = codeIn('json');
  assert.ok(found.length >= 1);
  for (const { code } of found) JSON.parse(code);
});

test('Python parses', { skip: spawnSync('python3', ['--version']).status !== 0 }, () => {
  const found = codeIn('python');
  assert.ok(found.length >= 6);
  const check = 'import ast, json, sys\nfor code in json.load(sys.stdin): ast.parse(code)';
  const { status, stderr } = spawnSync('python3', ['-c', check], { input: JSON.stringify(found.map(({ code }) => code)), encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('shell parses', () => {
  for (const { client, code } of codeIn('shell')) assert.equal(spawnSync('sh', ['-n'], { input: code }).status, 0, client.id);
});
