// Makes a C++ source of a folder of files: pack.mjs DIST OUT.cc. Each file is embedded as it is and, where that is smaller,
// in gzip. The hash of a file stands in the source, so that a compiler cache sees when the file is another one.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const contentTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
// What is packed already.
const packed = new Set(['.png', '.woff2']);

const [dist, out] = process.argv.slice(2);
if (!out) throw new Error('usage: pack.mjs DIST OUT.cc');
const zipped = join(dirname(out), 'gzip');
mkdirSync(zipped, { recursive: true });

const quoted = (text) => JSON.stringify(text); // JSON's escapes are C++'s as well, for what paths are made of

function pack(name, index) {
  const file = resolve(dist, name);
  const type = contentTypes[extname(name)];
  if (!type) throw new Error(`${name}: what is the content type of ${extname(name) || 'a file without an extension'}?`);
  const content = readFileSync(file);
  if (content.length === 0) throw new Error(`${name} is empty`);
  const gzip = packed.has(extname(name)) ? content : gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
  const isSmaller = gzip.length < content.length;
  const gzipFile = resolve(zipped, `${index}.gz`);
  if (isSmaller) writeFileSync(gzipFile, gzip);
  const path = name === 'index.html' ? '/' : `/${name.replaceAll('\\', '/')}`;
  const bytes = (suffix, from) => `constexpr char kFile${index}${suffix}[] = {\n#embed ${quoted(from)}\n};\n`;
  return {
    path,
    arrays: bytes('', file) + (isSmaller ? bytes('Gzip', gzipFile) : ''),
    entry: [
      `{.path = ${quoted(path)}`,
      `.content_type = ${quoted(type)}`,
      `.content = text(kFile${index})`,
      `.gzip = ${isSmaller ? `text(kFile${index}Gzip)` : '""'}`,
      `.etag = "${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`,
      `.freshness = http::Freshness::${path.startsWith('/assets/') ? 'kForGood' : 'kAskAgain'}}`,
    ].join(', '),
  };
}

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(join(dist, '/').length));
if (!files.includes('index.html')) throw new Error(`there is no index.html in ${dist}`);
const entries = files.map(pack).sort((a, b) => (a.path < b.path ? -1 : 1)); // as http::find_file() wants them

writeFileSync(
  out,
  `// Made by ui/tools/pack.mjs.
#include <cstddef>

#include "app/ui_site.h"

namespace archestra::app {
namespace {

${entries.map((entry) => entry.arrays).join('\n')}
template <std::size_t size>
constexpr std::string_view text(const char (&bytes)[size]) {
  return {bytes, size};
}

}  // namespace

http::Site ui_site() {
  static constexpr http::SiteFile kFiles[] = {
      ${entries.map((entry) => entry.entry).join(',\n      ')}};
  return kFiles;
}

}  // namespace archestra::app
`,
);
