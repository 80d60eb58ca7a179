/** The key of digests: given by the operator, kept beside the inventory, or one for the life of the process. */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditConfig } from '../audit-types.js';
import { codeOf, SECRET, tooOpen } from '../lib/files.js';
import { type Environment, textOf } from '../options/resolve.js';
import { AUDIT, DIGEST_KEY_ID } from '../options/table.js';
import { Digester, type DigestKey as ParsedKey, parseDigestKey } from '../redact/digest.js';
import { unlessQuiet } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';

export interface DigestKey {
  readonly digester: Digester;
  /** Given by the operator: digests of low-entropy content are worth something to whoever has the key, and only then. */
  readonly shared: boolean;
}

const KEY_FILE = 'digest.key';
const KEY_BYTES = 32;
/** More text than any key has. */
const MAX_FILE_BYTES = 65_536;
const NOT_USED = 'Digests use a key of this process';

/** Where there is no other: one, so that all digests of the process can be compared. */
const OF_THIS_PROCESS: ParsedKey = { id: 'process', secret: randomBytes(KEY_BYTES) };

/** @param stateDirectory asked only where the key is kept there, which may make a file: not while we are quiet */
export function digestKey(
  given: AuditConfig['digestKey'],
  stateDirectory: () => string | undefined,
  env: Environment,
): DigestKey {
  const configured = configuredKey(given, env);
  if (configured !== undefined) return { digester: configured, shared: true };
  const digester = new Digester(() => keyIn(stateDirectory()) ?? OF_THIS_PROCESS);
  unlessQuiet(() => digester.ready());
  return { digester, shared: false };
}

/** The key of a process, for digests where nothing is audited. */
export function processDigester(env: Environment): Digester {
  return digestKey(undefined, () => textOf(AUDIT.stateDirectory.env, env), env).digester;
}

const VARIABLE = AUDIT.digestKey.env;
const ID_VARIABLE = DIGEST_KEY_ID.env;

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
  const key = textOf(VARIABLE, env);
  const id = textOf(ID_VARIABLE, env);
  if (key !== undefined) return digesterOf(id, key, id === undefined ? VARIABLE : `${VARIABLE} with ${ID_VARIABLE}`);
  if (id !== undefined) warnOperator(`${ID_VARIABLE} is set, but ${VARIABLE} is not. Ignored`);
  return undefined;
}

function digesterOf(id: string | undefined, text: string, name: string): Digester | undefined {
  const { key, reason } = parseDigestKey(id, text);
  if (key !== undefined) return new Digester(key);
  warnOperator(`${name} ${reason}. ${NOT_USED}`);
  return undefined;
}

/** The key in the state directory, made at the first use; whoever makes it first wins. One that is broken stays as it is. */
function keyIn(directory: string | undefined): ParsedKey | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, KEY_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) makeKey(path);
    const { key, reason } = parseDigestKey(undefined, read(path));
    if (key !== undefined) return key;
    warnOperator(`${path} ${reason}. It is left as it is; without it, a new one is made. ${NOT_USED}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    warnOperator(`${path} cannot be used (${code ?? message}). It is left as it is. ${NOT_USED}`);
  }
  return undefined;
}

/** @throws where it is no file: a pipe would be waited for */
function read(path: string): string {
  const found = statSync(path);
  if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (!found.isFile()) throw new Error('it is no file');
  if (found.size > MAX_FILE_BYTES) throw new Error(`it is too long: ${found.size} bytes`);
  const open = tooOpen(found.mode, SECRET);
  if (open !== undefined) warnOperator(`${path} ${open}`);
  return readFileSync(path, 'utf8');
}

/** Under its name there is never a part of a key: another process may be reading it. */
function makeKey(path: string): void {
  const text = randomBytes(KEY_BYTES).toString('hex');
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(unfinished, text, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(unfinished, path);
  } catch (error) {
    // Some file systems have no links.
    if (codeOf(error) !== 'EEXIST') writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } finally {
    rmSync(unfinished, { force: true });
  }
}
