/** The key of digests: given by the operator, kept beside the inventory, or one for the life of the process. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditConfig } from '../audit-types.js';
import type { Environment } from '../option-kinds.js';
import { Digester, parseDigestKey } from '../redact/digest.js';
import { warnOperator } from '../util/report.js';

export interface DigestKey {
  readonly digester: Digester;
  /** Given by the operator: digests of low-entropy content are worth something to whoever has the key, and only then. */
  readonly shared: boolean;
}

const KEY_FILE = 'digest.key';
const KEY_BYTES = 32;
const NOT_USED = 'Digests use a key of this process';

export function digestKey(
  given: AuditConfig['digestKey'],
  stateDirectory: string | undefined,
  env: Environment,
): DigestKey {
  const configured = configuredKey(given, env);
  if (configured !== undefined) return { digester: configured, shared: true };
  const text = stateDirectory === undefined ? undefined : keptKey(stateDirectory);
  const kept = text === undefined ? undefined : parseDigestKey(undefined, text);
  if (kept?.key !== undefined) return { digester: new Digester(kept.key), shared: false };
  return { digester: new Digester({ id: 'process', secret: randomBytes(KEY_BYTES) }), shared: false };
}

const VARIABLE = 'MCP_TRAIL_AUDIT_DIGEST_KEY';
const ID_VARIABLE = `${VARIABLE}_ID`;

function configuredKey(given: AuditConfig['digestKey'], env: Environment): Digester | undefined {
  return given === undefined ? keyInEnvironment(env) : keyInCode(given);
}

function keyInCode(given: unknown): Digester | undefined {
  const { id, key } = typeof given === 'string' ? { key: given } : Object(given);
  const name = 'option audit.digestKey';
  if (typeof key === 'string' && (id === undefined || typeof id === 'string')) return digesterOf(id, key, name);
  warnOperator(`${name} is not accepted; accepted: a text, or an object with id and key as texts. ${NOT_USED}`);
  return undefined;
}

function keyInEnvironment(env: Environment): Digester | undefined {
  const key = env[VARIABLE]?.trim() ?? '';
  const id = env[ID_VARIABLE]?.trim() ?? '';
  if (key !== '')
    return id === '' ? digesterOf(undefined, key, VARIABLE) : digesterOf(id, key, `${VARIABLE} with ${ID_VARIABLE}`);
  if (id !== '') warnOperator(`${ID_VARIABLE} is set, and ${VARIABLE} is not. Ignored`);
  return undefined;
}

function digesterOf(id: string | undefined, text: string, name: string): Digester | undefined {
  const { key, reason } = parseDigestKey(id, text);
  if (key !== undefined) return new Digester(key);
  warnOperator(`${name} ${reason}. ${NOT_USED}`);
  return undefined;
}

/** The key in the state directory, made at the first use; whoever makes it first wins. */
function keptKey(directory: string): string | undefined {
  const path = join(directory, KEY_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(path, randomBytes(KEY_BYTES).toString('hex'), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    warnOperator(`${path} cannot be used (${code}): digests use a key of this process`);
    return undefined;
  }
}
