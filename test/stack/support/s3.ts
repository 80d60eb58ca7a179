import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { startProgram } from '../../../collector-config/stack/process.mjs';
import { cacheFolder } from '../../../collector-config/stack/programs.mjs';

const REQUIREMENTS = fileURLToPath(new URL('../s3/requirements.txt', import.meta.url));
/** The server requires a signature, but does not check it. */
const CREDENTIAL =
  'AWS4-HMAC-SHA256 Credential=of-nobody/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
const run = promisify(execFile);

/** Installs the server once, into the cache folder, and returns its path. */
export async function installS3(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cacheFolder, 'stack', `s3-${hash}`);
  const program = join(folder, 'bin', 'moto_server');
  // A Python environment cannot be moved; this file marks it as complete.
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return program;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(cacheFolder, 'stack'), { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', REQUIREMENTS];
  try {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin', 'python'), pip);
  } catch (error) {
    throw new Error(`the test of the S3 archive needs python3 with venv, and moto from PyPI: ${error}`);
  }
  await writeFile(complete, '');
  return program;
}

/** An S3-compatible server, with a bucket that locks every object for a year. */
export async function startS3(port: number, bucket: string) {
  const file = await installS3();
  const url = `http://127.0.0.1:${port}`;
  const options = {
    name: 'the S3 server',
    file,
    args: ['-H', '127.0.0.1', '-p', String(port)],
    readyUrl: `${url}/moto-api/`,
  };
  const program = await startProgram(options);
  const sign = (address: string, init: RequestInit = {}) =>
    fetch(address, { ...init, headers: { ...init.headers, authorization: CREDENTIAL } });
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await sign(`${url}/${bucket}${path}`, init);
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  /** An object as it is stored. Keys have `=`, which no URL needs to escape. */
  const bytesOf = async (key: string) => Buffer.from(await (await ask(`/${key}`)).arrayBuffer());
  const put = (path: string, body = '', headers = {}) => ask(path, { method: 'PUT', body, headers });
  await put('', '', { 'x-amz-bucket-object-lock-enabled': 'true' });
  const retention = '<DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention>';
  await put(
    '?object-lock',
    `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>${retention}</Rule></ObjectLockConfiguration>`,
  );

  return {
    url,
    program,

    /** The names of all objects. */
    async keys(): Promise<string[]> {
      const text = await (await ask('?list-type=2')).text();
      return [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => String(key));
    },

    bytes: bytesOf,

    /** The content of an object. */
    read: async (key: string): Promise<any> => {
      const bytes = await bytesOf(key);
      return JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8'));
    },

    /** The lock mode of an object, and its end. */
    async lock(key: string) {
      const { headers } = await ask(`/${key}`, { method: 'HEAD' });
      return { mode: headers.get('x-amz-object-lock-mode'), until: headers.get('x-amz-object-lock-retain-until-date') };
    },

    /** The response to deleting one version of an object. */
    async remove(key: string) {
      const version = (await ask(`/${key}`, { method: 'HEAD' })).headers.get('x-amz-version-id');
      return (await sign(`${url}/${bucket}/${key}?versionId=${version}`, { method: 'DELETE' })).text();
    },
  };
}
