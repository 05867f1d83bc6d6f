import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// Where `npm run dev` finds the API.
const gateway = process.env['ARCHESTRA_DEV_GATEWAY'] ?? 'http://localhost:9000';

// The script that sets the theme has to run before the first paint: a classic script of its own, hashed like the rest.
function themeBoot(): Plugin {
  const path = 'src/theme_boot.js';
  const source = readFileSync(new URL(path, import.meta.url), 'utf8');
  const fileName = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`;
  let src = `/${path}`;
  return {
    name: 'theme-boot',
    buildStart() {
      if (this.environment.mode !== 'build') return;
      src = `/${fileName}`;
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: () => [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }],
  };
}

// Text is painted once, in the font that stays: it has to be on its way before a style sheet asks for it.
function fontPreload(): Plugin {
  return {
    name: 'font-preload',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) =>
        Object.keys(bundle ?? {})
          .filter((name) => name.endsWith('.woff2'))
          .map((name) => ({
            tag: 'link',
            attrs: { rel: 'preload', href: `/${name}`, as: 'font', type: 'font/woff2', crossorigin: true },
            injectTo: 'head' as const,
          })),
    },
  };
}

// Which layer wins is settled by the first style sheet that names them, and which one that is depends on how the pages
// are split: so each of them says it.
function layerOrder(): Plugin {
  const order = readFileSync(new URL('src/styles/layers.css', import.meta.url), 'utf8').replace(/\/\*.*?\*\//gs, '').trim();
  return {
    name: 'layer-order',
    enforce: 'pre',
    transform(code, id) {
      return /\.css(\?|$)/.test(id) ? { code: `${order}\n${code}`, map: null } : undefined;
    },
  };
}

export default defineConfig({
  plugins: [layerOrder(), react(), themeBoot(), fontPreload()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The Content-Security-Policy knows no data: URLs but those of images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the licences of the packages ask for goes out with them.
    license: { fileName: 'licenses.md' },
  },
  server: {
    port: 5173,
    proxy: { '/api': gateway, '/v1': gateway, '/health': gateway },
  },
});
