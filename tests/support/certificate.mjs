// Certificates for TLS servers of tests: a self-signed one, and an authority that issues good ones and bad ones.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryFolder } from './program.mjs';

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/**
 * A self-signed certificate for localhost: `caFile` for whoever is to trust it, `secure` ({cert, key}) for a server's
 * options, `remove()` takes its files away.
 */
export async function localhostCertificate() {
  const folder = await temporaryFolder();
  const caFile = join(folder.path, 'cert.pem');
  const keyFile = join(folder.path, 'key.pem');
  const subject = ['-subj', '/CN=archestra test', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const key = ['-newkey', ...p256, '-nodes', '-keyout', keyFile];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', caFile, ...subject]);
  return { caFile, secure: { cert: await readFile(caFile), key: await readFile(keyFile) }, remove: folder.remove };
}

/** Signs whatever it is asked to, from whenever until whenever. */
export class Authority {
  #folder;
  #name;
  #issued = 0;

  /** Its certificate is `caFile`; with `issuer` that is signed by another authority, else by itself. */
  static async make({ name = 'archestra test authority', issuer } = {}) {
    const authority = new Authority();
    authority.#folder = await temporaryFolder();
    authority.#name = name;
    await writeFile(authority.#path('ca.cnf'), configuration(authority.#folder.path));
    await writeFile(authority.#path('index.txt'), '');
    const key = ['-newkey', ...p256, '-nodes', '-keyout', authority.#path('ca.key'), '-subj', `/CN=${name}`];
    const isAuthority = 'basicConstraints=critical,CA:TRUE';
    if (issuer) {
      await openssl('req', ...key, '-out', authority.#path('ca.csr'), '-addext', isAuthority);
      await issuer.#sign(authority.#path('ca.csr'), authority.caFile, {});
    } else {
      await openssl('req', '-x509', ...key, '-out', authority.caFile, '-days', '2');
    }
    return authority;
  }

  get caFile() {
    return this.#path('ca.pem');
  }

  get certificate() {
    return readFile(this.caFile);
  }

  get key() {
    return readFile(this.#path('ca.key'));
  }

  /**
   * A server's {cert, key} for `names` (as openssl(1) has them in subjectAltName), valid from `from` to `to` (dates), and
   * the files they are in, {certFile, keyFile}. `key` are openssl's words for another kind of key, `digest` names another one.
   */
  async issue({ names = 'DNS:localhost', key = p256, ...how } = {}) {
    this.#issued += 1;
    const file = (end) => this.#path(`${this.#issued}.${end}`);
    const subject = ['-subj', `/CN=server ${this.#issued} of ${this.#name}`, '-addext', `subjectAltName=${names}`];
    await openssl('req', '-newkey', ...key, '-nodes', '-keyout', file('key'), '-out', file('csr'), ...subject);
    await this.#sign(file('csr'), file('pem'), how);
    const files = { certFile: file('pem'), keyFile: file('key') };
    return { cert: await readFile(files.certFile), key: await readFile(files.keyFile), ...files };
  }

  remove() {
    return this.#folder.remove();
  }

  #sign(request, certificate, { from = inDays(-1), to = inDays(2), digest = 'sha256' }) {
    const by = ['-config', this.#path('ca.cnf'), '-cert', this.caFile, '-keyfile', this.#path('ca.key'), '-md', digest];
    const time = ['-startdate', asn1Time(from), '-enddate', asn1Time(to)];
    return openssl('ca', '-batch', '-notext', ...by, ...time, '-in', request, '-out', certificate);
  }

  #path(name) {
    return join(this.#folder.path, name);
  }
}

export function inDays(days) {
  return new Date(Date.now() + days * 86_400_000);
}

function openssl(...args) {
  return promisify(execFile)('openssl', args);
}

// "20260101120000Z"
function asn1Time(date) {
  return `${date.toISOString().replace(/\.\d+|[-:T]/g, '')}`;
}

function configuration(folder) {
  return `[ca]
default_ca = own
[own]
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
unique_subject = no
policy = any_name
copy_extensions = copyall
[any_name]
commonName = supplied
`;
}
