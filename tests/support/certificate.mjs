// Certificates that no authority vouches for, for TLS servers of tests.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryFolder } from './program.mjs';

/**
 * A self-signed certificate for localhost: `caFile` for whoever is to trust it, `secure` ({cert, key}) for a server's
 * options, `remove()` takes its files away.
 */
export async function localhostCertificate() {
  const folder = await temporaryFolder();
  const caFile = join(folder.path, 'cert.pem');
  const keyFile = join(folder.path, 'key.pem');
  const subject = ['-subj', '/CN=archestra test', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', caFile, ...subject]);
  return { caFile, secure: { cert: await readFile(caFile), key: await readFile(keyFile) }, remove: folder.remove };
}
