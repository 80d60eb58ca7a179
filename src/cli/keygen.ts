/** `mcp-trail keygen`: makes a key that signs checkpoints, and adds it to the keys that `verify` trusts. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readTrustedKeys } from '../chain/key-file.js';
import { newSigningKey, type PublicKey, privateJwk, publicJwk } from '../chain/keys.js';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';
import { commandOf, Problem } from './arguments.js';
import { EXIT } from './command.js';
import { visible } from './text.js';

const MAX_DAYS = 36_500;
const DAY_S = 86_400;
/** The clock of the process that signs may be behind that of the person who makes the key. */
const BACKDATED_S = 300;

const USAGE = `Usage: mcp-trail keygen [options] <file>

Makes an Ed25519 key that signs the checkpoints of an audit trail, and writes it to the file, for its owner alone.
An existing file is never overwritten. Prints the id of the key and, without --trust, its public part (JWK).
Point audit.signingKeyFile or MCP_TRAIL_AUDIT_SIGNING_KEY_FILE to the file.

  --days <N>      signatures are valid for so many days from now, 1 to ${MAX_DAYS}; default: no end
  --trust <file>  adds the public key to this file (a JWK Set), which mcp-trail verify --trust takes; made if missing
  --help          this text

Exit code: 0 made, 3 wrong usage, or a file that cannot be read or written.
`;

interface Request {
  readonly file: string;
  readonly days: number | undefined;
  readonly trust: string | undefined;
}

export const keygen = commandOf<Request>({
  summary: 'a key that signs the checkpoints of an audit trail',
  usage: USAGE,
  read: requestOf,
  answer: (asked, world) => {
    world.out.write(make(asked));
    return EXIT.OK;
  },
});

function requestOf(args: readonly string[]): Request | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [file = '', ...more] = positionals;
  if (file === '' || more.length > 0) throw new Problem('keygen needs the name of one file, which it makes');
  if (values.trust === '') throw new Problem('--trust takes the name of a file');
  if (values.trust !== undefined && meet(file, values.trust)) {
    throw new Problem('--trust takes another file than that of the key');
  }
  const { days } = values;
  if (days === undefined) return { file, days, trust: values.trust };
  const number = /^\d{1,5}$/.test(days) ? Number(days) : 0;
  if (number < 1 || number > MAX_DAYS) throw new Problem(`--days takes 1 to ${MAX_DAYS}`);
  return { file, days: number, trust: values.trust };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, days: { type: 'string' }, trust: { type: 'string' } },
  });
}

/** Whether two names, or one and what the other is replaced by, lead to the same file, which need not exist. */
function meet(file: string, trust: string): boolean {
  const [key, set] = [placeOf(file), placeOf(trust)];
  return key === set || key === nextOf(set);
}

/** The path without links. */
function placeOf(path: string): string {
  return (
    attempt(() => realpathSync(path)) ??
    attempt(() => join(realpathSync(dirname(path)), basename(path))) ??
    resolve(path)
  );
}

/** The new content of a file, until it is in its place. */
function nextOf(file: string): string {
  return `${file}.new`;
}

/** Writes the key; returns the text for the person who asked for it. */
function make({ file, days, trust }: Request): string {
  const now = Math.floor(Date.now() / 1000);
  const key = newSigningKey(days === undefined ? {} : { notBefore: now - BACKDATED_S, notAfter: now + days * DAY_S });
  const write = () => writeNew(file, `${JSON.stringify(privateJwk(key))}\n`, 0o600);
  if (trust === undefined) {
    write();
    return `${key.id}\n${JSON.stringify(publicJwk(key))}\n`;
  }
  let written = false;
  try {
    addTo(trust, key, () => {
      write();
      written = true;
    });
  } catch (error) {
    // A key that verify does not know is of no use, and would be in the way of the next attempt.
    if (written) attempt(() => unlinkSync(file));
    throw error instanceof Problem ? error : new Problem(`cannot write ${visible(trust)}: ${codeOf(error)}`);
  }
  return `${key.id}\n`;
}

/** Writes a file that must not exist, and waits until the disk has it. */
function writeNew(path: string, text: string, mode: number): void {
  let fd: number;
  try {
    fd = openSync(path, 'wx', mode);
  } catch (error) {
    const exists = codeOf(error) === 'EEXIST';
    throw new Problem(`cannot write ${visible(path)}: ${exists ? 'it exists, and is not overwritten' : codeOf(error)}`);
  }
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } catch (error) {
    attempt(() => unlinkSync(path));
    throw new Problem(`cannot write ${visible(path)}: ${codeOf(error)}`);
  } finally {
    closeSync(fd);
  }
}

/** Adds a key to a file of trusted keys once `first` has succeeded. The file is whole at any time. */
function addTo(path: string, key: PublicKey, first: () => void): void {
  // The file that a link leads to is replaced, not the link.
  const file = attempt(() => realpathSync(path)) ?? path;
  const mode = attempt(() => statSync(file).mode);
  if (mode === undefined && exists(file)) throw new Problem(`the trust file ${visible(path)} is a link to nothing`);
  const set = mode === undefined ? { keys: [] } : setIn(file, path);
  const text = JSON.stringify({ ...set, keys: [...set.keys, publicJwk(key)] }, undefined, 2);
  // Also the lock: of two that add a key at once, one would lose its own.
  const next = nextOf(file);
  writeNew(next, `${text}\n`, (mode ?? 0o644) & 0o777);
  try {
    first();
    // On some systems, two names that look different are that of one file: then it is the key.
    if (mode === undefined && exists(file)) throw new Problem(`cannot write ${visible(path)}: it exists by now`);
    renameSync(next, file);
  } catch (error) {
    attempt(() => unlinkSync(next));
    throw error;
  }
}

/** Also a link to nothing exists. */
function exists(path: string): boolean {
  return attempt(() => lstatSync(path)) !== undefined;
}

/** The set in a file of trusted keys, which may also be a single key as JWK or PEM. Members that we do not know are kept. */
function setIn(file: string, path: string): { readonly keys: readonly unknown[] } {
  const trusted = readTrustedKeys(file);
  if ('reason' in trusted) throw new Problem(`the trust file ${visible(path)} ${trusted.reason}`);
  const json = attempt(() => JSON.parse(readFileSync(file, 'utf8')) as { readonly keys?: readonly unknown[] });
  if (json === undefined) return { keys: trusted.map(publicJwk) };
  return json.keys === undefined ? { keys: [json] } : { ...json, keys: json.keys };
}
