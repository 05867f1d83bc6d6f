// Requests that try to be read differently by two parsers, to pass a limit, or to speak in somebody else's name, and what
// RFC 9110 and 9112 want done with each. Data only: tests/e2e/hostile_requests.test.mjs sends them.
//
// A row has
//   name, rule   what it tries, and the section it is judged by
//   bytes        the request, a Buffer
//   answers      the statuses that the connection brings, in order
//   open         whether the connection takes another request afterwards; a refused one never does
//   seen         what reaches the provider: nothing; 'cut', a request whose body never becomes whole, of an upload that
//                is passed on while it arrives; or the requests, each {line, body, fields}, where null stands for a
//                field that must not be there
//   haproxy      why HAProxy refuses what we pass on, where it does; see tests/e2e/hostile_haproxy.test.mjs

const path = '/v1/openai/files'; // passes through
const chat = '/v1/openai/chat/completions'; // read whole before a provider is dialled
const upload = 'POST /v1/files HTTP/1.1';
const list = 'GET /v1/files HTTP/1.1';

export const hostileRequests = [];
const names = new Set();

function row(entry) {
  if (names.has(entry.name)) throw new Error(`two rows are named "${entry.name}"`);
  names.add(entry.name);
  hostileRequests.push({ ...entry, bytes: Buffer.from(entry.bytes, 'latin1') });
}

/** A request that is refused, and of which the provider hears nothing. */
function refused(name, rule, bytes, status = 400, more = {}) {
  row({ name, rule, bytes, answers: [status], open: false, seen: [], ...more });
}

/** A request that is passed on. */
function passed(name, rule, bytes, seen, more = {}) {
  row({ name, rule, bytes, answers: seen.map(() => 200), open: true, seen, ...more });
}

/** A request that the gateway answers itself, and after which its connection goes on. */
function answered(name, rule, bytes, statuses, more = {}) {
  row({ name, rule, bytes, answers: statuses, open: true, seen: [], ...more });
}

const head = (line, fields = '') => `${line}\r\nHost: a\r\n${fields}\r\n`;
const post = (fields, body = '', target = path) => head(`POST ${target} HTTP/1.1`, fields) + body;
const get = (fields = '', target = path) => head(`GET ${target} HTTP/1.1`, fields);
const chunked = (body, target = path) => post('Transfer-Encoding: chunked\r\n', body, target);
const smuggled = 'GET /v1/openai/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

// --- Where the body ends: Content-Length -----------------------------------------------------------------

const lengths = {
  'with a plus sign': '+5',
  'that is negative': '-1',
  'that is negative zero': '-0',
  'in hexadecimal': '0x5',
  'in hexadecimal, without 0x': 'a',
  'with a unit': '5 bytes',
  'with a fraction': '5.0',
  'with an exponent': '5e0',
  'with an underscore': '1_0',
  'with a thousands separator': '1,000',
  'in quotes': '"5"',
  'that is empty': '',
  'of nothing but blanks': ' \t ',
  'with a blank inside': '1 0',
  'with a semicolon': '5;',
  'with a trailing comma': '5,',
  'with a leading comma': ',5',
  'that is a list of equals': '5, 5',
  'that is a list of two': '5, 6',
  'of 2^63': '9223372036854775808',
  'of 2^64 - 1': '18446744073709551615',
  'of 2^64 + 5, which may overflow to 5': '18446744073709551621',
  'of forty digits': '9'.repeat(40),
  'with a vertical tab': '\x0b5',
  'with a form feed after it': '5\x0c',
  'with a null byte after it': '5\0',
  'with a digit that is no ASCII': '\xb2',
  'with a carriage return before it': '\r5',
  'with a no-break space': '\xa05',
};
for (const [name, value] of Object.entries(lengths))
  refused(`Content-Length ${name}`, '9110 8.6, 9112 6.3', post(`Content-Length: ${value}\r\n`, 'hello'));
refused('Content-Length twice, alike', '9112 6.3', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'));
refused('Content-Length twice, different', '9112 6.3', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'));
refused('Content-Length twice, one empty', '9112 6.3', post('Content-Length: 5\r\nContent-Length:\r\n', 'hello'));
refused('Content-Length twice, in two spellings', '9112 6.3', post('content-length: 0\r\nCONTENT-LENGTH: 5\r\n', 'hello'));
refused('Content-Length twice, for a call that is read whole', '9112 6.3', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello', chat));
passed('Content-Length with leading zeros', '9110 8.6', post('Content-Length: 0005\r\n', 'hello'), [
  { line: upload, body: 'hello', fields: { 'content-length': '5' } },
]);
passed('Content-Length among tabs', '9112 5.1', post('Content-Length:\t5\t \r\n', 'hello'), [{ line: upload, body: 'hello' }]);
passed('Content-Length that Connection names', '9110 7.6.1', post('Connection: Content-Length\r\nContent-Length: 5\r\n', 'hello'), [
  { line: upload, body: 'hello', fields: { 'content-length': '5', connection: null } },
]);
passed('Content_Length, which is another field', '9110 5.1', post('Content_Length: 100\r\nContent-Length: 5\r\n', 'hello'), [
  { line: upload, body: 'hello', fields: { 'content-length': '5' } },
]);
passed('a body on a GET', '9110 9.3.1', get('Content-Length: 5\r\n') + 'hello', [{ line: list, body: 'hello' }]);
passed('a body in chunks on a GET', '9110 9.3.1', get('Transfer-Encoding: chunked\r\n') + '5\r\nhello\r\n0\r\n\r\n', [{ line: list, body: 'hello' }]);
passed('a body on a DELETE', '9110 9.3.5', head(`DELETE ${path} HTTP/1.1`, 'Content-Length: 5\r\n') + 'hello', [
  { line: 'DELETE /v1/files HTTP/1.1', body: 'hello' },
]);
passed('a whole request as the body of another', '9112 6.3', post(`Content-Length: ${smuggled.length}\r\n`, smuggled), [
  { line: upload, body: smuggled },
]);
passed('a whole request behind another', '9112 9.3.2', post('Content-Length: 5\r\n', 'hello') + get(), [
  { line: upload, body: 'hello' },
  { line: list, body: '' },
]);
passed('a POST without any length', '9112 6.3', post('') + get(), [
  { line: upload, body: '' },
  { line: list, body: '' },
]);
answered('a body on a request that the gateway answers', '9112 9.3', head('GET /health HTTP/1.1', `Content-Length: ${smuggled.length}\r\n`) + smuggled, [200], {
  open: false, // the body was not read
});

// --- Where the body ends: Transfer-Encoding --------------------------------------------------------------

const both = {
  'Content-Length first': 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'Transfer-Encoding first': 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
  'in lower case': 'content-length: 5\r\ntransfer-encoding: chunked\r\n',
  'in mixed case': 'cOnTeNt-LeNgTh: 5\r\ntRaNsFeR-eNcOdInG: cHuNkEd\r\n',
  'the length 0': 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n',
  'with a tab before the coding': 'Content-Length: 5\r\nTransfer-Encoding:\tchunked\r\n',
  'with no blank before the coding': 'Content-Length: 5\r\nTransfer-Encoding:chunked\r\n',
  'with blanks after the coding': 'Content-Length: 5\r\nTransfer-Encoding: chunked \t\r\n',
  'the coding identity': 'Content-Length: 5\r\nTransfer-Encoding: identity\r\n',
  'the coding not known': 'Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n',
  'the coding empty': 'Content-Length: 5\r\nTransfer-Encoding:\r\n',
  'both named by Connection': 'Connection: content-length, transfer-encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'fields between them': `Content-Length: 5\r\n${'x-a: b\r\n'.repeat(20)}Transfer-Encoding: chunked\r\n`,
};
for (const [name, fields] of Object.entries(both))
  refused(`both framings, ${name}`, '9112 6.1, 6.3', post(fields, '0\r\n\r\n'));
refused('both framings, for a call that is read whole', '9112 6.1', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n', chat));
refused('both framings, for what the gateway answers', '9112 6.1', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n', '/health'));
refused('both framings, on a GET', '9112 6.1', get('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n');

// Not chunked in the end: nobody knows where such a body ends, 400.
const notFinal = {
  'identity': 'identity',
  'gzip': 'gzip',
  'chunked, then identity': 'chunked, identity',
  'chunked, then gzip': 'chunked,gzip',
  'xchunked': 'xchunked',
  'chunkedx': 'chunkedx',
  'chunk': 'chunk',
  'chunked in quotes': '"chunked"',
  'chunked in single quotes': "'chunked'",
  'chunked with a parameter': 'chunked;q=1',
  'nothing': '',
  'a comma': ',',
  'two words': 'x chunked',
  'chunked followed by a word': 'chunked x',
  'a letter that only looks like one': 'chun\xe7ed',
  'a backslash in it': 'chunk\\ed',
};
for (const [name, value] of Object.entries(notFinal))
  refused(`Transfer-Encoding that is ${name}`, '9112 6.3', post(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n'));
refused('Transfer-Encoding in two fields, the last identity', '9112 6.3', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'));
refused('Transfer-Encoding that is chunked with a trailing comma', '9112 6.3', post('Transfer-Encoding: chunked,\r\n', '0\r\n\r\n'));
const controls = { 'vertical tab': '\x0b', 'form feed': '\x0c', 'null byte': '\0', 'carriage return': '\r', 'backspace': '\x08', 'DEL': '\x7f' };
for (const [name, c] of Object.entries(controls)) {
  refused(`Transfer-Encoding with a ${name} before chunked`, '9110 5.5', post(`Transfer-Encoding: ${c}chunked\r\n`, '0\r\n\r\n'));
  refused(`Transfer-Encoding with a ${name} after chunked`, '9110 5.5', post(`Transfer-Encoding: chunked${c}\r\n`, '0\r\n\r\n'));
}
// Chunked in the end, with what we do not take off: 501.
const stacked = { 'gzip under chunked': 'gzip, chunked', 'identity under chunked': 'identity, chunked', 'chunked twice': 'chunked, chunked', 'a leading comma': ', chunked' };
for (const [name, value] of Object.entries(stacked))
  refused(`Transfer-Encoding with ${name}`, '9112 6.1, 7', post(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n'), 501);
refused('Transfer-Encoding in two fields, both chunked', '9112 6.1, 7', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 501);
refused('Transfer-Encoding in two fields, the first identity', '9112 6.1', post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 501);
refused('Transfer-Encoding in HTTP/1.0', '9112 6.1', head(`POST ${path} HTTP/1.0`, 'Transfer-Encoding: chunked\r\n') + '0\r\n\r\n');
refused('Transfer-Encoding in HTTP/1.0 that wants to be kept', '9112 6.1', head(`POST ${path} HTTP/1.0`, 'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n');
refused('both framings in HTTP/1.0', '9112 6.1', head(`POST ${path} HTTP/1.0`, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n');
passed('Transfer-Encoding in capitals', '9112 7', post('TRANSFER-ENCODING: CHUNKED\r\n', '5\r\nhello\r\n0\r\n\r\n'), [{ line: upload, body: 'hello' }]);
passed('Transfer-Encoding that Connection names', '9110 7.6.1', post('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), [
  { line: upload, body: 'hello' },
]);
passed('Transfer_Encoding, which is another field', '9110 5.1', post('Transfer_Encoding: chunked\r\nContent-Length: 5\r\n', 'hello'), [
  { line: upload, body: 'hello', fields: { 'transfer-encoding': null } },
]);
passed('TE, which is for us alone', '9110 10.1.4', post('TE: trailers, chunked\r\nContent-Length: 5\r\n', 'hello'), [
  { line: upload, body: 'hello', fields: { te: null } },
]);

// --- Chunks ----------------------------------------------------------------------------------------------

const chunks = {
  'a size that overflows 64 bits': '10000000000000005\r\nhello\r\n0\r\n\r\n',
  'a size of 2^63': '8000000000000000\r\nhello\r\n0\r\n\r\n',
  'a size of 2^64 - 1': 'ffffffffffffffff\r\nhello\r\n0\r\n\r\n',
  'a size that is negative': '-5\r\nhello\r\n0\r\n\r\n',
  'a size with a plus sign': '+5\r\nhello\r\n0\r\n\r\n',
  'a size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
  'a size with an underscore': '0_5\r\nhello\r\n0\r\n\r\n',
  'a size with a blank before it': ' 5\r\nhello\r\n0\r\n\r\n',
  'a size with a blank after it': '5 \r\nhello\r\n0\r\n\r\n',
  'a size with a tab after it': '5\t\r\nhello\r\n0\r\n\r\n',
  'a size with a letter after it': '5g\r\nhello\r\n0\r\n\r\n',
  'a size that is missing': '\r\nhello\r\n0\r\n\r\n',
  'a size that ends in LF': '5\nhello\r\n0\r\n\r\n',
  'a size that ends in CR': '5\rhello\r\n0\r\n\r\n',
  'a size with a null byte': '5\0\r\nhello\r\n0\r\n\r\n',
  'a size with a vertical tab': '5\x0b\r\nhello\r\n0\r\n\r\n',
  'an extension that ends in LF': '5;a\nhello\r\n0\r\n\r\n',
  'an extension with a CR in it': '5;a\rb\r\nhello\r\n0\r\n\r\n',
  'an extension with a null byte': '5;a=\0\r\nhello\r\n0\r\n\r\n',
  'an extension with CRLF in quotes': '5;a="\r\n0\r\n\r\n"\r\nhello\r\n0\r\n\r\n',
  'an extension whose quote is escaped': '5;a="b\\"\r\nhello\r\n0\r\n\r\n',
  'an extension that is too long': `5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n`,
};
const later = {
  'data longer than its size': '4\r\nhello\r\n0\r\n\r\n',
  'data without CRLF after it': '5\r\nhello0\r\n\r\n',
  'data with LF after it': '5\r\nhello\n0\r\n\r\n',
  'data with CR after it': '5\r\nhello\r0\r\n\r\n',
  'data shorter than its size': '6\r\nhello\r\n0\r\n\r\n',
  'a second size that is none': '5\r\nhello\r\nzz\r\n',
  'a last chunk without its CRLF': '5\r\nhello\r\n0\r\nx',
  'a last chunk that ends in LF': '5\r\nhello\r\n0\n\n',
  'a last chunk whose empty line is a CR': '5\r\nhello\r\n0\r\n\rx',
  'a trailer that is folded': '5\r\nhello\r\n0\r\na: b\r\n c\r\n\r\n',
  'a trailer without a colon': '5\r\nhello\r\n0\r\nabc\r\n\r\n',
  'a trailer with a blank before its colon': '5\r\nhello\r\n0\r\na : b\r\n\r\n',
  'a trailer without a name': '5\r\nhello\r\n0\r\n: b\r\n\r\n',
  'a trailer that ends in LF': '5\r\nhello\r\n0\r\na: b\n\r\n',
  'a trailer with a null byte': '5\r\nhello\r\n0\r\na: \0\r\n\r\n',
  'trailers that are too long': `5\r\nhello\r\n0\r\n${`a: ${'b'.repeat(1000)}\r\n`.repeat(9)}\r\n`,
};
for (const [name, body] of Object.entries({ ...chunks, ...later })) {
  refused(`chunks with ${name}, of an upload`, '9112 7.1', chunked(body), 400, { seen: 'cut' });
  refused(`chunks with ${name}, of a call`, '9112 7.1', chunked(body, chat));
}
passed('chunks with extensions', '9112 7.1.1', chunked('5;a;b=c;d="e;\\"f"\r\nhello\r\n0;x\r\n\r\n'), [{ line: upload, body: 'hello' }]);
passed('chunks with leading zeros', '9112 7.1', chunked('0000005\r\nhello\r\n000\r\n\r\n'), [{ line: upload, body: 'hello' }]);
passed('trailers that would frame', '9110 6.5.1', chunked('5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: x\r\nHost: b\r\n\r\n') + get(), [
  { line: upload, body: 'hello', fields: { 'content-length': null } },
  { line: list, body: '' },
], { haproxy: 'it wants no such fields among trailers; we drop all trailers, which RFC 9110 section 6.5.1 allows' });
passed('trailers that would authorise', '9110 6.5.1', chunked('5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n'), [
  { line: upload, body: 'hello', fields: { authorization: null } },
]);
passed('an empty body in chunks', '9112 7.1', chunked('0\r\n\r\n') + get(), [{ line: upload, body: '' }, { line: list, body: '' }]);

// --- Fields ----------------------------------------------------------------------------------------------

const fields = {
  'a blank before the colon': 'x-a : b\r\n',
  'a tab before the colon': 'x-a\t: b\r\n',
  'a blank before the colon of Transfer-Encoding': 'Transfer-Encoding : chunked\r\n',
  'a blank before the colon of Content-Length': 'Content-Length : 5\r\n',
  'a blank before the colon of Host': 'Host : b\r\n',
  'a blank in the name': 'x a: b\r\n',
  'a blank before the name': ' x-a: b\r\n',
  'an empty name': ': b\r\n',
  'no colon': 'x-a\r\n',
  'a folded line': 'x-a: b\r\n c\r\n',
  'a line folded by a tab': 'x-a: b\r\n\tc\r\n',
  'a folded line that looks like a field': 'x-a: b\r\n Transfer-Encoding: chunked\r\n',
  'a folded line of nothing but blanks': 'x-a: b\r\n \r\n',
  'LF as the end of a line': 'x-a: b\nx-c: d\r\n',
  'LF as the end, then Transfer-Encoding': 'x-a: b\nTransfer-Encoding: chunked\r\n',
  'CR in a value': 'x-a: b\rc\r\n',
  'CR as the end, then Transfer-Encoding': 'x-a: b\rTransfer-Encoding: chunked\r\n',
  'CR CR LF as the end of a line': 'x-a: b\r\r\n',
  'a CR before the colon': 'x-a\r: b\r\n',
  'a null byte in a value': 'x-a: b\0c\r\n',
  'a null byte in a name': 'x-\0a: b\r\n',
  'a null byte at the end of Transfer-Encoding': 'Transfer-Encoding\0: chunked\r\n',
  'an escape character in a value': 'x-a: \x1b[2J\r\n',
  'DEL in a value': 'x-a: \x7f\r\n',
  'a vertical tab in a value': 'x-a: b\x0bc\r\n',
  '8-bit bytes in a name': 'x-\xe4: b\r\n',
  'a UTF-8 colon': 'Transfer-Encoding\xef\xbc\x9a chunked\r\n',
  'parentheses in a name': 'x(a): b\r\n',
  'a slash in a name': 'x/a: b\r\n',
  'quotes in a name': '"x-a": b\r\n',
  'an at sign in a name': 'x@a: b\r\n',
  'a brace in a name': 'x{a}: b\r\n',
  'a request line among the fields': 'GET /v1/openai/smuggled HTTP/1.1\r\n',
};
for (const [name, lines] of Object.entries(fields)) refused(`a field with ${name}`, '9110 5, 9112 5', post(lines, ''));
refused('a blank line before the first field', '9112 2.2', `POST ${path} HTTP/1.1\r\n Host: a\r\n\r\n`);
refused('LF LF as the end of the head', '9112 2.2', `GET ${path} HTTP/1.1\r\nHost: a\n\n`);
refused('LF as the end of the request line', '9112 2.2', `GET ${path} HTTP/1.1\nHost: a\r\n\r\n`);
refused('CR as the end of the request line', '9112 2.2', `GET ${path} HTTP/1.1\rHost: a\r\n\r\n`);
refused('a bare CR as the empty line', '9112 2.2', `GET ${path} HTTP/1.1\r\nHost: a\r\n\rx\r\n`);
passed('8-bit bytes in a value', '9110 5.5', get('x-a: \xe4\xff\x80\r\n'), [{ line: list, body: '', fields: { 'x-a': '\xe4\xff\x80' } }]);
passed('an empty value', '9110 5.5', get('x-a:\r\n'), [{ line: list, body: '', fields: { 'x-a': '' } }]);
passed('a value with colons and quotes', '9110 5.5', get('x-a: "b: c\\\r\n'), [{ line: list, body: '', fields: { 'x-a': '"b: c\\' } }]);
passed('a name of all the signs that one may have', '9110 5.6.2', get("!#$%&'*+-.^_`|~09: b\r\n"), [
  { line: list, body: '', fields: { "!#$%&'*+-.^_`|~09": 'b' } },
]);
refused('129 fields', '6585 5', get('x-a: b\r\n'.repeat(128)), 431);
passed('100 fields', '6585 5', get('x-a: b\r\n'.repeat(99)), [{ line: list, body: '' }]);
refused('a field line of 20 KiB', '6585 5', get(`x-a: ${'b'.repeat(20 << 10)}\r\n`), 431);
refused('a field name of 20 KiB', '6585 5', get(`${'b'.repeat(20 << 10)}: a\r\n`), 431);
refused('a head of 80 KiB', '6585 5', get(`x-a: ${'b'.repeat(8000)}\r\n`.repeat(10)), 431);
refused('a field line of 20 KiB that does not end', '6585 5', `GET ${path} HTTP/1.1\r\nHost: a\r\nx-a: ${'b'.repeat(20 << 10)}`, 431, { tail: '' });

// --- The request line ------------------------------------------------------------------------------------

const lines = {
  'without a version': `GET ${path}`,
  'of HTTP/0.9': 'GET /health',
  'with a blank at its end': `GET ${path} `,
  'with a version in lower case': `GET ${path} http/1.1`,
  'with a version in mixed case': `GET ${path} HTTp/1.1`,
  'with a version without its dot': `GET ${path} HTTP/11`,
  'with a version of two digits': `GET ${path} HTTP/1.10`,
  'with a version of a leading zero': `GET ${path} HTTP/01.1`,
  'with a version with a letter': `GET ${path} HTTP/1.x`,
  'with a version with a blank': `GET ${path} HTTP/ 1.1`,
  'with another protocol': `GET ${path} HTTPS/1.1`,
  'with a protocol of a mail server': `GET ${path} ICAP/1.0`,
  'with two blanks after the method': `GET  ${path} HTTP/1.1`,
  'with two blanks before the version': `GET ${path}  HTTP/1.1`,
  'with a blank at its beginning': ` GET ${path} HTTP/1.1`,
  'with a blank after it': `GET ${path} HTTP/1.1 `,
  'with a tab after the method': `GET\t${path} HTTP/1.1`,
  'with a tab before the version': `GET ${path}\tHTTP/1.1`,
  'with a form feed for a blank': `GET\x0c${path} HTTP/1.1`,
  'with a carriage return for a blank': `GET\r${path} HTTP/1.1`,
  'with a null byte in the target': 'GET /v1/openai/fi\0les HTTP/1.1',
  'with a blank in the target': 'GET /v1/openai/fi les HTTP/1.1',
  'with a second request in the target': `GET /v1/openai/files HTTP/1.1 GET /v1/openai/smuggled HTTP/1.1`,
  'with 8-bit bytes in the target': 'GET /v1/openai/\xe4 HTTP/1.1',
  'with DEL in the target': 'GET /v1/openai/\x7f HTTP/1.1',
  'with a fragment': 'GET /v1/openai/files#a HTTP/1.1',
  'without a target': 'GET HTTP/1.1',
  'with a target without a slash': 'GET v1/openai/files HTTP/1.1',
  'with a star for a GET': 'GET * HTTP/1.1',
  'with an authority for a GET': 'GET a:80 HTTP/1.1',
  'with a query alone': 'GET ?a HTTP/1.1',
  'with a backslash for a slash': 'GET \\v1\\openai\\files HTTP/1.1',
  'with a method that is no token': `G@T ${path} HTTP/1.1`,
  'with a method with a colon': `GET: ${path} HTTP/1.1`,
  'with an 8-bit method': `G\xc4T ${path} HTTP/1.1`,
  'with no method': ` ${path} HTTP/1.1`,
};
for (const [name, line] of Object.entries(lines)) refused(`a request line ${name}`, '9112 3', head(line));
refused('a status line for a request line', '9112 3', 'HTTP/1.1 200 OK\r\nHost: a\r\n\r\n');
refused('the start of TLS', '9112 3', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n');
for (const version of ['HTTP/2.0', 'HTTP/1.2', 'HTTP/3.0', 'HTTP/0.9'])
  refused(`the version ${version}`, '9110 15.6.6', head(`GET ${path} ${version}`), 505);
refused('the preface of HTTP/2', '9113 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505);
refused('CONNECT', '9110 9.3.6', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 501);
refused('CONNECT with a path', '9112 3.2.3', head(`CONNECT ${path} HTTP/1.1`), 501);
refused('TRACE, which would show credentials', '9110 9.3.8', head(`TRACE ${path} HTTP/1.1`, 'Authorization: Bearer x\r\n'), 501);
passed('a method in lower case, which is another method', '9110 9.1', head(`get ${path} HTTP/1.1`), [{ line: 'get /v1/files HTTP/1.1', body: '' }]);
passed('a method that nobody knows', '9110 9.1', head(`FROB ${path} HTTP/1.1`), [{ line: 'FROB /v1/files HTTP/1.1', body: '' }]);
refused('a target of 20 KiB', '9110 15.5.15', get('', `${path}?${'a'.repeat(20 << 10)}`), 414);
refused('a request line of 20 KiB that does not end', '9110 15.5.15', `GET ${path}?${'a'.repeat(20 << 10)}`, 414, { tail: '' });
refused('a method of 20 KiB', '9110 15.5.15', head(`${'G'.repeat(20 << 10)} ${path} HTTP/1.1`), 414);
refused('nine empty lines before it', '9112 2.2', '\r\n'.repeat(9) + get());
refused('an empty line that is LF before it', '9112 2.2', `\n${get()}`);
refused('an empty line that is CR before it', '9112 2.2', `\r${get()}`);
passed('an empty line before it', '9112 2.2', `\r\n${get()}`, [{ line: list, body: '' }]);
passed('HTTP/1.0', '9112 9.3', head(`POST ${path} HTTP/1.0`, 'Content-Length: 5\r\n') + 'hello', [{ line: upload, body: 'hello' }], { open: false });
passed('HTTP/1.0 without Host', '9112 3.2', `GET ${path} HTTP/1.0\r\n\r\n`, [{ line: list, body: '' }], { open: false });
passed('HTTP/1.0 that wants to be kept', '9112 C.2.2', head(`GET ${path} HTTP/1.0`, 'Connection: keep-alive\r\n'), [{ line: list, body: '' }]);

// --- Host and authority ----------------------------------------------------------------------------------

const hosts = {
  'twice': 'Host: a\r\nHost: b\r\n',
  'twice, alike': 'Host: a\r\nHost: a\r\n',
  'twice, in two spellings': 'Host: a\r\nhOST: a\r\n',
  'twice, one empty': 'Host: a\r\nHost:\r\n',
  'empty': 'Host:\r\n',
  'of nothing but blanks': 'Host: \t \r\n',
  'with a list': 'Host: a, b\r\n',
  'with a blank': 'Host: a b\r\n',
  'with a user': 'Host: user@a\r\n',
  'with a user and password': 'Host: user:word@a\r\n',
  'with a scheme': 'Host: http://a\r\n',
  'with a path': 'Host: a/b\r\n',
  'with a query': 'Host: a?b\r\n',
  'with a fragment': 'Host: a#b\r\n',
  'with a backslash': 'Host: a\\b\r\n',
  'with a port that is none': 'Host: a:b\r\n',
  'with port 0': 'Host: a:0\r\n',
  'with a port too high': 'Host: a:65536\r\n',
  'with a negative port': 'Host: a:-1\r\n',
  'with two ports': 'Host: a:1:2\r\n',
  'with a port alone': 'Host: :80\r\n',
  'with an open bracket': 'Host: [::1\r\n',
  'with text behind a bracket': 'Host: [::1]a\r\n',
  'with no address in brackets': 'Host: [a]\r\n',
  'with 8-bit bytes': 'Host: \xe4\r\n',
  'percent-encoded': 'Host: a%2eb\r\n',
  'with a null byte': 'Host: a\0\r\n',
  'folded': 'Host: a\r\n b\r\n',
};
for (const [name, lines] of Object.entries(hosts)) refused(`Host ${name}`, '9112 3.2', `GET ${path} HTTP/1.1\r\n${lines}\r\n`);
refused('no Host', '9112 3.2', `GET ${path} HTTP/1.1\r\n\r\n`);
refused('no Host, but an absolute target', '9112 3.2', `GET http://a${path} HTTP/1.1\r\n\r\n`);
passed('Host that Connection names', '9110 7.6.1', get('Connection: Host\r\n'), [{ line: list, body: '' }]);
passed('Host with a port', '9112 3.2', `GET ${path} HTTP/1.1\r\nHost: a:8080\r\n\r\n`, [{ line: list, body: '' }]);
passed('Host that is an address', '9112 3.2', `GET ${path} HTTP/1.1\r\nHost: [::1]:80\r\n\r\n`, [{ line: list, body: '' }]);
const absolute = {
  'of another host than Host': `http://b${path}`,
  'of another port than Host': `http://a:8080${path}`,
  'of a longer name than Host': `http://a.b${path}`,
  'with a user': `http://user@a${path}`,
  'with a user and password': `http://user:word@a${path}`,
  'of another scheme': `ftp://a${path}`,
  'without a host': `http://${path}`,
  'with a port that is none': `http://a:b${path}`,
  'with a query for a path': 'http://a?b',
  'with one slash': `http:/a${path}`,
  'with a blank scheme': `://a${path}`,
  'of a backslash': `http:\\\\a${path}`,
};
for (const [name, target] of Object.entries(absolute)) refused(`an absolute target ${name}`, '9112 3.2.2', get('', target));
passed('an absolute target', '9112 3.2.2', get('', `http://a${path}`), [{ line: list, body: '' }]);
passed('an absolute target of the default port', '9112 3.2.2', get('', `http://A:80${path}`), [{ line: list, body: '' }]);

// --- Paths -----------------------------------------------------------------------------------------------

const paths = {
  'dot segments': '/v1/openai/../secret',
  'a single dot': '/v1/openai/./files',
  'dot segments at its end': '/v1/openai/files/..',
  'dots percent-encoded': '/v1/openai/%2e%2e/secret',
  'dots half percent-encoded': '/v1/openai/.%2E/secret',
  'dots before a slash percent-encoded': '/v1/openai/..%2fsecret',
  'dots and slash percent-encoded': '/v1/openai/%2e%2e%2Fsecret',
  'dots before a backslash': '/v1/openai/..\\secret',
  'dots before a backslash percent-encoded': '/v1/openai/..%5csecret',
  'dots with a parameter': '/v1/openai/..;a=b/secret',
  'dot segments behind an agent': '/v1/openai/00000000-0000-4000-8000-000000000000/../secret',
};
for (const [name, target] of Object.entries(paths)) refused(`a path with ${name}`, '3986 3.3, 5.2.4', get('', target));
const harmless = {
  'an encoded slash': ['/v1/openai/files/a%2fb', '/v1/files/a%2fb'],
  'an encoded null byte': ['/v1/openai/files/%00', '/v1/files/%00'],
  'an encoded line end': ['/v1/openai/files/%0d%0aHost:%20b', '/v1/files/%0d%0aHost:%20b'],
  'an encoding that is none': ['/v1/openai/files/%zz%', '/v1/files/%zz%'],
  'an encoding twice': ['/v1/openai/%252e%252e/files', '/v1/%252e%252e/files'],
  'two slashes': ['/v1/openai//b/files', '/v1//b/files'],
  'a parameter': ['/v1/openai/files;a=b', '/v1/files;a=b'],
  'three dots': ['/v1/openai/.../files', '/v1/.../files'],
  'dots in the query': ['/v1/openai/files?a=/../b', '/v1/files?a=/../b'],
  'a URL in the query': ['/v1/openai/files?u=http://b/', '/v1/files?u=http://b/'],
  'quotes and brackets': ['/v1/openai/files/"<>[]{}|^`', '/v1/files/"<>[]{}|^`'],
  'an agent that is none': ['/v1/openai/00000000-0000-4000-8000-00000000000%30/files', '/v1/00000000-0000-4000-8000-00000000000%30/files'],
};
for (const [name, [target, forwarded]] of Object.entries(harmless))
  passed(`a path with ${name}`, '3986 3.3', get('', target), [{ line: `GET ${forwarded} HTTP/1.1`, body: '' }]);
const nowhere = {
  'slashes before it': '//v1/openai/files',
  'a host before it': '//b/v1/openai/files',
  'the provider percent-encoded': '/v1/%6fpenai/files',
  'the provider in capitals': '/v1/OpenAI/files',
  'the slash percent-encoded': '/v1%2fopenai/files',
  'an agent that nobody has': '/v1/openai/00000000-0000-4000-8000-000000000000/files',
};
for (const [name, target] of Object.entries(nowhere)) answered(`a path with ${name}`, '9110 15.5.5', get('', target), [404]);
answered('a star for OPTIONS', '9110 9.3.7', head('OPTIONS * HTTP/1.1'), [404]);

// --- What is for one hop ---------------------------------------------------------------------------------

const hop = (name, lines, fields, more) =>
  passed(name, '9110 7.6.1', post(`${lines}Content-Length: 5\r\n`, 'hello'), [{ line: upload, body: 'hello', fields }], more);
hop('Connection that names Authorization', 'Connection: Authorization\r\nAuthorization: Bearer x\r\n', { authorization: null, connection: null });
hop('Connection that names a field of ours', 'Connection: traceparent\r\n', { connection: null });
hop('Connection with odd names', 'Connection: ,, x-a ,"y"\r\nx-a: b\r\n', { 'x-a': null, connection: null });
hop('Connection in two fields', 'Connection: x-a\r\nConnection: x-b\r\nx-a: 1\r\nx-b: 2\r\n', { 'x-a': null, 'x-b': null });
hop('Keep-Alive and Proxy-Connection', 'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n', { 'keep-alive': null, 'proxy-connection': null });
hop('Proxy-Authorization', 'Proxy-Authorization: Basic eA==\r\n', { 'proxy-authorization': null });
hop('Trailer', 'Trailer: Content-Length\r\n', { trailer: null });
hop('Connection: close among others', 'Connection: x-a, close\r\n', { connection: null }, { open: false });
hop('Upgrade to h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n', {
  upgrade: null,
  'http2-settings': null,
  connection: null,
});
hop('Upgrade without Connection', 'Upgrade: h2c, TLS/1.0\r\n', { upgrade: null });
hop('Upgrade to WebSocket without Connection', 'Upgrade: websocket\r\n', { upgrade: null });
const webSocket = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
for (const [name, lines] of Object.entries({
  'to WebSocket': `Connection: Upgrade\r\nUpgrade: websocket\r\n${webSocket}`,
  'to WebSocket among others': `Connection: keep-alive, upgrade\r\nUpgrade: h2c, WebSocket\r\n${webSocket}`,
}))
  answered(`Upgrade ${name}`, '6455 4.2.2', get(lines, '/v1/openai/realtime'), [501]);
hop('what is for the gateway', 'X-Archestra-Agent-Id: a\r\nbaggage: a=b\r\nx-archestra-error: x\r\n', {
  'x-archestra-agent-id': null,
  baggage: null,
  'x-archestra-error': null,
});
hop('tracestate without traceparent', 'tracestate: a=b\r\n', { tracestate: null });

// --- Expect ----------------------------------------------------------------------------------------------

const expect = (name, value, answers) =>
  passed(`Expect ${name}`, '9110 10.1.1', post(`Expect: ${value}\r\nContent-Length: 5\r\n`, 'hello'), [{ line: upload, body: 'hello', fields: { expect: null } }], { answers });
expect('of 100-continue', '100-continue', [100, 200]);
expect('in capitals', '100-CONTINUE', [100, 200]);
expect('of something else', '200-ok', [200]);
expect('that is empty', '', [200]);
passed('Expect in HTTP/1.0', '9110 10.1.1', head(`POST ${path} HTTP/1.0`, 'Expect: 100-continue\r\nContent-Length: 5\r\n') + 'hello', [{ line: upload, body: 'hello' }], {
  open: false,
});
passed('Expect without a body', '9110 10.1.1', get('Expect: 100-continue\r\n'), [{ line: list, body: '', fields: { expect: null } }]);
refused('Expect with both framings', '9112 6.1', post('Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'));
refused('Expect with a body beyond the limit', '9110 10.1.1', post('Expect: 100-continue\r\nContent-Length: 99999999999\r\n', '', chat), 413);
refused('a body beyond the limit', '9110 15.5.14', post('Content-Length: 99999999999\r\n', '{}', chat), 413);
refused('a chunk beyond the limit', '9110 15.5.14', chunked(`fffff\r\n${'a'.repeat(0xfffff)}\r\n`.repeat(2), chat), 413, { tail: '' });
passed('HEAD', '9110 9.3.2', head(`HEAD ${path} HTTP/1.1`), [{ line: 'HEAD /v1/files HTTP/1.1', body: '' }]);
answered('HEAD of what is not there', '9110 9.3.2', head('HEAD /nothing HTTP/1.1'), [404]);
