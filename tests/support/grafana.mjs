// A stand-in for Grafana's HTTP API, as its documentation has it: health, folders and dashboards. Strict: what it is not asked
// in the documented way is refused with what Grafana answers then.

import { once } from 'node:events';
import http from 'node:http';

export class Grafana {
  /** {method, path} of every request. */
  requests = [];
  /** uid -> {title}. */
  folders = new Map();
  /** uid -> {dashboard, folderUid, version}. */
  dashboards = new Map();
  /** What may come in Authorization, and with which role. */
  users = new Map([
    ['Bearer glsa_editor', 'Editor'],
    ['Bearer glsa_viewer', 'Viewer'],
    [`Basic ${Buffer.from('admin:a "pass\\word"').toString('base64')}`, 'Admin'],
  ]);
  #server;

  static async start() {
    const grafana = new Grafana();
    grafana.#server = http.createServer((request, response) => grafana.#take(request, response));
    grafana.#server.listen(0, '127.0.0.1');
    await once(grafana.#server, 'listening');
    return grafana;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request, response) {
    const { method, url: path, headers } = request;
    const parts = [];
    for await (const part of request) parts.push(part);
    this.requests.push({ method, path });
    const [status, body] = this.#answer(method, path, headers, Buffer.concat(parts).toString('utf8'));
    response.writeHead(status, { 'Content-Type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify(body));
  }

  #answer(method, path, headers, text) {
    if (method === 'GET' && path === '/api/health') return [200, { commit: 'abc', database: 'ok', version: '11.3.0' }];
    const role = this.users.get(headers.authorization);
    if (!role) return [401, { message: 'Invalid API key', traceID: '' }];
    const [, uid] = /^\/api\/folders\/([\w-]+)$/.exec(path) ?? [];
    if (method === 'GET' && uid) {
      const folder = this.folders.get(uid);
      return folder ? [200, { id: 1, uid, ...folder }] : [404, { message: 'folder not found', status: 'not-found' }];
    }
    if (method !== 'POST') return [404, { message: 'Not found' }];
    if (role === 'Viewer') return [403, { message: "You'll need additional permissions to perform this action." }];
    if (!/^application\/json/.test(headers['content-type'] ?? '')) return [400, { message: 'bad request data' }];
    let fields;
    try {
      fields = JSON.parse(text);
    } catch {
      return [400, { message: 'bad request data' }];
    }
    if (path === '/api/folders') return this.#makeFolder(fields);
    if (path === '/api/dashboards/db') return this.#saveDashboard(fields);
    return [404, { message: 'Not found' }];
  }

  #makeFolder({ uid, title }) {
    if (!title) return [400, { message: 'folder title cannot be empty' }];
    if (!isUid(uid)) return [400, { message: 'uid contains illegal characters' }];
    if (this.folders.has(uid)) return [412, { message: 'The folder has been changed by someone else' }];
    const isTaken = [...this.folders.values()].some((folder) => folder.title === title);
    if (isTaken) return [409, { message: 'a folder with the same name already exists in the current location' }];
    this.folders.set(uid, { title });
    return [200, { id: this.folders.size, uid, title, url: `/dashboards/f/${uid}/` }];
  }

  #saveDashboard({ dashboard, folderUid, overwrite }) {
    const { id, uid, title } = dashboard ?? {};
    if (!title) return [400, { message: 'Dashboard title cannot be empty', status: 'empty-name' }];
    if (!isUid(uid)) return [400, { message: 'uid contains illegal characters' }];
    if (id !== undefined && id !== null) return [404, { message: 'Dashboard not found', status: 'not-found' }];
    if (folderUid && !this.folders.has(folderUid)) return [400, { message: 'folder not found' }];
    const saved = this.dashboards.get(uid);
    if (saved && !overwrite) return [412, { message: 'The dashboard has been changed by someone else', status: 'version-mismatch' }];
    const version = (saved?.version ?? 0) + 1;
    this.dashboards.set(uid, { dashboard, folderUid, version });
    return [200, { id: 1, uid, slug: 'x', status: 'success', url: `/d/${uid}/x`, version, folderUid }];
  }
}

const isUid = (text) => /^[A-Za-z0-9_-]{1,40}$/.test(text ?? '');
