import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startProgram } from '../../../collector-config/stack/process.mjs';
import { cacheFolder } from '../../../collector-config/stack/programs.mjs';
import { eventually } from './eventually.js';

const RECIPE = fileURLToPath(new URL('../broker/', import.meta.url));

/** Builds the broker once, into the cache folder, and returns its path. */
export async function buildBroker(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of readdirSync(RECIPE).sort()) hash.update(file).update(readFileSync(join(RECIPE, file)));
  const program = join(cacheFolder, 'stack', `broker-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  await mkdir(join(cacheFolder, 'stack'), { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  await promisify(execFile)('go', ['build', '-mod=readonly', '-trimpath', '-o', fresh, '.'], { cwd: RECIPE, env });
  await rename(fresh, program);
  return program;
}

/** A Kafka broker that accepts clients with a certificate of a CA. */
export async function startBroker(
  port: number,
  data: string,
  { cert, key, ca }: { cert: string; key: string; ca: string },
) {
  const args = ['-port', `${port}`, '-data', data, '-cert', cert, '-key', key, '-ca', ca];
  const program = await startProgram({ name: 'the broker', file: await buildBroker(), args });
  await eventually('broker that is ready', () => program.output.includes('ready'));
  return program;
}
