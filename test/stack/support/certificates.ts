import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs `openssl`, which these tests require. */
async function openssl(args: string[]) {
  await run('openssl', args).catch((error) => {
    if (error.code === 'ENOENT') throw new Error('the Collector tests need `openssl`, which was not found');
    throw error;
  });
}

/** A CA that issues certificates for `127.0.0.1` and `localhost`. */
export async function authority(folder: string, name: string) {
  const at = (file: string) => join(folder, `${name}-${file}`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = at('ca.crt');
  const caKey = at('ca.key');
  await openssl(['req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${name}`]);
  const extensions = at('extensions');
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');

  return {
    ca,

    /** Issues a certificate for a name, valid or already expired. */
    async issue(subject: string, options: { expired?: boolean } = {}) {
      const key = at(`${subject}.key`);
      const request = at(`${subject}.csr`);
      const cert = at(`${subject}.crt`);
      await openssl(['req', '-new', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`]);
      const signed = ['x509', '-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-out', cert];
      const validity = ['-days', options.expired ? '-1' : '1'];
      await openssl([...signed, '-extfile', extensions, ...validity]);
      return { cert, key };
    },
  };
}

/** Files of a Collector with overlays, and of its clients. */
export async function certificates(folder: string) {
  const ours = await authority(folder, 'ours');
  const server = await ours.issue('collector');
  const token = join(folder, 'ingest-token');
  await writeFile(token, 'a-token-of-a-member');
  return {
    ours,
    token,
    server: {
      MCP_OTLP_BIND: '127.0.0.1',
      MCP_TLS_CERT_FILE: server.cert,
      MCP_TLS_KEY_FILE: server.key,
      MCP_TLS_CLIENT_CA_FILE: ours.ca,
      MCP_INGEST_TOKEN_FILE: token,
    },
  };
}
