// Responses of an upstream that is broken, or in somebody else's hands, and what has to become of each by RFC 9110 and 9112:
// what the client gets, how the call is recorded, and whether the connection may ever carry another. Data only:
// tests/e2e/hostile_responses.test.mjs sends them.
//
// A row has
//   name, rule   what it tries, and the section it is judged by
//   bytes        the response, a Buffer; `late` follows when the client has its answer
//   method       GET unless it says otherwise
//   closes       whether the upstream closes its connection then; else it waits for the gateway to do so
//   status, body, error   what the client gets; `error` where the gateway answers
//   isBroken     the client must see that its answer is not whole
//   outcome, tryStatus, errorType   what is recorded
//   reused       whether the connection may carry the next call

import zlib from 'node:zlib';

export const hostileResponses = [];
const names = new Set();

function row(entry) {
  if (names.has(entry.name)) throw new Error(`two rows are named "${entry.name}"`);
  names.add(entry.name);
  hostileResponses.push({ reused: false, ...entry, bytes: Buffer.from(entry.bytes, 'latin1') });
}

/** A head that makes no sense: nothing in it is believed. */
function refused(name, rule, bytes, more = {}) {
  const recorded = { outcome: 'upstream_truncated', tryStatus: '0', errorType: 'upstream_malformed' };
  row({ name, rule, bytes, status: 502, error: 'upstream_malformed', ...recorded, ...more });
}

/** A body that breaks after its head: what came before that is delivered, and the client sees that it is not whole. */
function broken(name, rule, bytes, body, more = {}) {
  const recorded = { outcome: 'upstream_truncated', tryStatus: '200', errorType: 'upstream_malformed' };
  row({ name, rule, bytes, status: 200, body, isBroken: true, ...recorded, ...more });
}

function relayed(name, rule, bytes, body, more = {}) {
  row({ name, rule, bytes, status: 200, body, outcome: 'completed', tryStatus: '200', ...more });
}

const ok = (fields, body = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const chunked = (body) => ok('Transfer-Encoding: chunked\r\n', body);
const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

// --- Two framings, lengths -------------------------------------------------------------------------------

for (const [name, fields] of Object.entries({
  'Content-Length first': 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'Transfer-Encoding first': 'transfer-encoding: chunked\r\ncontent-length: 5\r\n',
  'the length 0': 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n',
  'the coding not known': 'Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n',
}))
  refused(`both framings, ${name}`, '9112 6.3', ok(fields, `5\r\nhello\r\n0\r\n\r\n${poison}`));
for (const [name, fields] of Object.entries({
  'twice, different': 'Content-Length: 5\r\nContent-Length: 6\r\n',
  'twice, alike': 'Content-Length: 5\r\nContent-Length: 5\r\n',
  'that is a list': 'Content-Length: 5, 5\r\n',
  'that is negative': 'Content-Length: -5\r\n',
  'with a plus sign': 'Content-Length: +5\r\n',
  'in hexadecimal': 'Content-Length: 0x5\r\n',
  'that is empty': 'Content-Length:\r\n',
  'that overflows to 5': 'Content-Length: 18446744073709551621\r\n',
  'of 2^63': 'Content-Length: 9223372036854775808\r\n',
  'with a blank inside': 'Content-Length: 1 0\r\n',
}))
  refused(`Content-Length ${name}`, '9112 6.3', ok(fields, `hello${poison}`));
refused('a length that is none, of a 304', '9112 6.3', 'HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n');
refused('a length that is none, of a HEAD', '9112 6.3', ok('Content-Length: x\r\n'), { method: 'HEAD' });

// --- Codings ---------------------------------------------------------------------------------------------

for (const [name, value] of Object.entries({
  'nobody knows': 'xchunked',
  'is gzip': 'gzip',
  'is gzip under chunked': 'gzip, chunked',
  'is chunked, then identity': 'chunked, identity',
  'is chunked twice': 'chunked, chunked',
  'is empty': '',
  'has a vertical tab': '\x0bchunked',
  'has a null byte': 'chunked\0',
}))
  refused(`a transfer coding that ${name}`, '9112 6.1', ok(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n'));
refused('chunks in HTTP/1.0', '9112 6.1', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');

// --- Status lines and fields -----------------------------------------------------------------------------

for (const [name, line] of Object.entries({
  'without a code': 'HTTP/1.1',
  'with a code of two digits': 'HTTP/1.1 20 OK',
  'with a code of four digits': 'HTTP/1.1 2000 OK',
  'with a code of letters': 'HTTP/1.1 abc OK',
  'with the code 099': 'HTTP/1.1 099 OK',
  'with a negative code': 'HTTP/1.1 -20 OK',
  'with two blanks': 'HTTP/1.1  200 OK',
  'with a tab': 'HTTP/1.1\t200 OK',
  'in lower case': 'http/1.1 200 OK',
  'of HTTP/2.0': 'HTTP/2.0 200 OK',
  'of HTTP/1.2': 'HTTP/1.2 200 OK',
  'of another protocol': 'ICY 200 OK',
  'with a CR in its reason': 'HTTP/1.1 200 O\rK',
  'with a null byte in its reason': 'HTTP/1.1 200 O\0K',
  'with an escape in its reason': 'HTTP/1.1 200 \x1b[2J',
  'with a blank before it': ' HTTP/1.1 200 OK',
  'behind an empty line': '\r\nHTTP/1.1 200 OK',
  'that is a request line': 'GET / HTTP/1.1',
  'of TLS': '\x15\x03\x01\x00\x02\x02\x28',
}))
  refused(`a status line ${name}`, '9112 4', `${line}\r\nContent-Length: 5\r\n\r\nhello`);
for (const [name, lines] of Object.entries({
  'with a blank before its colon': 'x-a : b\r\n',
  'with a blank in its name': 'x a: b\r\n',
  'without a name': ': b\r\n',
  'without a colon': 'x-a\r\n',
  'that is folded': 'x-a: b\r\n c\r\n',
  'that ends in LF': 'x-a: b\nSet-Cookie: c=d\r\n',
  'with a CR in its value': 'x-a: b\rSet-Cookie: c=d\r\n',
  'with a null byte in its value': 'x-a: b\0\r\n',
  'with 8-bit bytes in its name': 'x-\xe4: b\r\n',
  'of 20 KiB': `x-a: ${'b'.repeat(20 << 10)}\r\n`,
  'too many': 'x-a: b\r\n'.repeat(128),
}))
  refused(`a field ${name}`, '9112 5', ok(`${lines}Content-Length: 5\r\n`, 'hello'));
refused('LF LF as the end of a head', '9112 2.2', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello');
refused('a head of 80 KiB', '9110 5.4', ok(`x-a: ${'b'.repeat(8000)}\r\n`.repeat(10)));
refused('a head that never ends', '9110 5.4', 'HTTP/1.1 200 OK\r\n' + `x-a: ${'b'.repeat(8000)}\r\n`.repeat(10));
refused('a status line that never ends', '9112 4', `HTTP/1.1 200 ${'K'.repeat(20 << 10)}`);
relayed('a field in the name of the gateway', '9110 5', ok('x-archestra-error: overloaded\r\nContent-Length: 5\r\n', 'hello'), 'hello', {
  fields: { 'x-archestra-error': undefined },
  reused: true,
});
relayed('a Connection that names Content-Type and Content-Length', '9110 7.6.1', ok('Connection: content-type, content-length\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n', 'hello'), 'hello', {
  fields: { 'content-type': undefined, 'content-length': '5' },
  reused: true,
});
relayed('fields for one hop', '9110 7.6.1', ok('Keep-Alive: timeout=9\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nTrailer: x\r\nContent-Length: 5\r\n', 'hello'), 'hello', {
  fields: { 'keep-alive': undefined, upgrade: undefined, 'proxy-authenticate': undefined, trailer: undefined },
  reused: true,
});

// --- Interim responses -----------------------------------------------------------------------------------

refused('101 that nobody asked for', '9110 15.2.2', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
refused('a flood of 100 Continue', '9110 15.2', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000));
refused('a flood of 103 Early Hints with fields', '9110 15.2', `HTTP/1.1 103 Early Hints\r\n${'Link: </a>\r\n'.repeat(50)}\r\n`.repeat(50));
refused('an interim response with both framings', '9112 6.3', `HTTP/1.1 100 Continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${poison}`);
refused('an interim response with a body', '9110 15.2', `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello${poison}`);
relayed('interim responses before the answer', '9110 15.2', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(5)}${ok('Content-Length: 5\r\n', 'hello')}`, 'hello', { reused: true });

// --- More than was announced -----------------------------------------------------------------------------

relayed('a body longer than its length', '9112 6.3', ok('Content-Length: 5\r\n', 'hello, and more'), 'hello');
relayed('a second response behind the first', '9112 9.2', ok('Content-Length: 5\r\n', `hello${poison}`), 'hello');
relayed('a second response, later', '9112 9.2', ok('Content-Length: 5\r\n', 'hello'), 'hello', { late: poison });
relayed('half a second response, later', '9112 9.2', ok('Content-Length: 5\r\n', 'hello'), 'hello', { late: 'HTTP/1.1 2' });
relayed('an empty line, later', '9112 2.2', ok('Content-Length: 5\r\n', 'hello'), 'hello', { late: '\r\n' });
relayed('a time-out response before the next request', '9112 9.2', ok('Content-Length: 5\r\n', 'hello'), 'hello', {
  late: 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
});
relayed('a response behind the last chunk', '9112 9.2', chunked(`5\r\nhello\r\n0\r\n\r\n${poison}`), 'hello');
relayed('bytes behind an empty body', '9112 6.3', ok('Content-Length: 0\r\n', poison), '');
const bodyless = (status, more) =>
  row({
    name: `a body on ${status}`,
    rule: '9112 6.3',
    bytes: `HTTP/1.1 ${status} Whatever\r\nContent-Length: ${poison.length}\r\n\r\n${poison}`,
    status,
    body: '',
    outcome: 'completed',
    tryStatus: `${status}`,
    ...more,
  });
bodyless(204, { fields: { 'content-length': undefined } });
bodyless(304, { fields: { 'content-length': `${poison.length}` } });
row({
  name: 'chunks on 204',
  rule: '9112 6.1',
  bytes: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  status: 204,
  body: '',
  outcome: 'completed',
  tryStatus: '204',
  fields: { 'transfer-encoding': undefined },
});
relayed('a body for HEAD', '9112 6.3', ok('Content-Length: 5\r\n', 'hello'), '', { method: 'HEAD' });
relayed('chunks for HEAD', '9112 6.3', chunked('5\r\nhello\r\n0\r\n\r\n'), '', { method: 'HEAD' });
relayed('a length for HEAD', '9110 8.6', ok('Content-Length: 500\r\n'), '', { method: 'HEAD', fields: { 'content-length': '500' }, reused: true });
relayed('a body until the end, of HTTP/1.0 that wants to be kept', '9112 6.3', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello', 'hello', { closes: true });
relayed('HTTP/1.0', '9112 9.3', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello');
relayed('Connection: close, and yet it stays', '9112 9.6', ok('Connection: close\r\nContent-Length: 5\r\n', 'hello'), 'hello');

// --- Less than was announced, and chunks that break ------------------------------------------------------

const early = { closes: true, errorType: 'upstream_truncated' };
broken('a body shorter than its length', '9112 8', ok('Content-Length: 50\r\n', 'hello'), 'hello', early);
broken('a body of 2^63 - 1 bytes', '9112 8', ok('Content-Length: 9223372036854775807\r\n', 'hello'), 'hello', early);
broken('chunks without a last one', '9112 8', chunked('5\r\nhello\r\n'), 'hello', early);
broken('half a chunk', '9112 8', chunked('50\r\nhello'), 'hello', early);
broken('a last chunk without its empty line', '9112 8', chunked('5\r\nhello\r\n0\r\n'), 'hello', early);
for (const [name, rest] of Object.entries({
  'size that overflows': '10000000000000005\r\n',
  'size of 2^63': '8000000000000000\r\n',
  'size that is negative': '-1\r\n',
  'size with 0x': '0x5\r\n',
  'size with a blank': '5 \r\n',
  'size that is none': 'zz\r\n',
  'size that ends in LF': '5\n',
  'extension with CRLF in quotes': `5;a="\r\n${poison}`,
  'extension that is too long': `5;${'a'.repeat(300)}\r\n`,
  'trailer that is folded': '0\r\na: b\r\n c\r\n\r\n',
  'trailer that is no field': `0\r\n${poison}`,
  'trailer section that never ends': `0\r\n${'a: b\r\n'.repeat(2000)}`,
}))
  broken(`a chunk ${name}`, '9112 7.1', chunked(`5\r\nhello\r\n${rest}`), 'hello');
broken('chunk data longer than its size', '9112 7.1', chunked('5\r\nhello, and more\r\n0\r\n\r\n'), 'hello');
relayed('trailers that would frame', '9110 6.5.1', chunked('5\r\nhello\r\n0\r\nContent-Length: 1\r\nx-archestra-error: x\r\n\r\n'), 'hello', {
  fields: { 'content-length': undefined, 'x-archestra-error': undefined },
  reused: true,
});

// --- Content codings and times ---------------------------------------------------------------------------

// Only read alongside: it passes as it came, and what is too much to be decoded is not read on.
const bomb = zlib.gzipSync(Buffer.alloc(64 << 20)).toString('latin1');
row({
  name: 'a bomb in gzip',
  rule: '9110 8.4',
  bytes: ok(`Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`, bomb),
  path: '/v1/openai/chat/completions',
  method: 'POST',
  status: 200,
  body: bomb,
  outcome: 'completed',
  tryStatus: '200',
  reused: true,
});
row({
  name: 'a head that comes a byte at a time',
  rule: '9110 15.6.5',
  bytes: ok(`x-a: ${'b'.repeat(4000)}\r\nContent-Length: 5\r\n`, 'hello'),
  dripMs: 20,
  status: 504,
  error: 'first_byte_timeout',
  outcome: 'upstream_timeout',
  tryStatus: '0',
  errorType: 'first_byte_timeout',
});
row({
  name: 'interim responses that come one at a time',
  rule: '9110 15.6.5',
  bytes: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(30),
  dripMs: 20,
  status: 504,
  error: 'first_byte_timeout',
  outcome: 'upstream_timeout',
  tryStatus: '0',
  errorType: 'first_byte_timeout',
});
