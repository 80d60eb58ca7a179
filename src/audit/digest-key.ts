/** The key of digests: configured, kept in the state directory, or random for this process. */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditConfig } from '../audit-types.js';
import { codeOf, makeFolder, SECRET, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { type Environment, textOf } from '../options/resolve.js';
import { AUDIT, DIGEST_KEY_ID } from '../options/table.js';
import { Digester, type DigestKey as ParsedKey, parseDigestKey } from '../redact/digest.js';
import { unlessQuiet } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';

export interface DigestKey {
  readonly digester: Digester;
  /** The operator configured the key. Only then are digests of low-entropy content useful, to holders of the key. */
  readonly shared: boolean;
}

const KEY_FILE = 'digest.key';
const KEY_BYTES = 32;
/** Longer files are not keys. */
const MAX_FILE_BYTES = 65_536;
const NOT_USED = 'Digests use a key of this process';

let ofThisProcess: ParsedKey | undefined;

/** One fallback key per process keeps its digests comparable. Cloudflare Workers have no randomness while they are loaded. */
function keyOfThisProcess(): ParsedKey {
  ofThisProcess ??= { id: 'process', secret: randomBytes(KEY_BYTES) };
  return ofThisProcess;
}

/** @param stateDirectory called only if the key is kept there; it may create the directory, so not while quiet */
export function digestKey(
  given: AuditConfig['digestKey'],
  stateDirectory: () => string | undefined,
  env: Environment,
): DigestKey {
  const configured = configuredKey(given, env);
  if (configured !== undefined) return { digester: configured, shared: true };
  const digester = new Digester(() => keyIn(stateDirectory()) ?? keyOfThisProcess());
  unlessQuiet(() => digester.ready());
  return { digester, shared: false };
}

/** The digester of spans while nothing is audited. */
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
  warnOperator(`${name} is not valid; accepted: a string, or an object with the strings id and key. ${NOT_USED}`);
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

/**
 * The key in the state directory, created on first use; concurrent processes agree on the first. A broken file is left
 * alone.
 */
function keyIn(directory: string | undefined): ParsedKey | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, KEY_FILE);
  try {
    makeFolder(directory);
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

/** @throws if it is not a regular file: reading a pipe would block */
function read(path: string): string {
  const found = statSync(path);
  if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (!found.isFile()) throw new Error('not a regular file');
  if (found.size > MAX_FILE_BYTES) throw new Error(`it is too long: ${found.size} bytes`);
  const open = tooOpen(found.mode, SECRET);
  if (open !== undefined) warnOperator(`${path} ${open}. ${USED_ANYWAY}`);
  return readFileSync(path, 'utf8');
}

/** Written under another name, then linked: readers never see part of a key. */
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
