/** The arguments of `mcp-trail retain`. Pure, but for the files that they name. */
import { readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readSigningKey, readTrustedKeys } from '../../chain/key-file.js';
import { isValidAt, type PublicKey, type SigningKey } from '../../chain/keys.js';
import { codeOf } from '../../lib/files.js';
import type { Recipient } from '../../retain/encrypt.js';
import { HOLDS_NOTHING, type Hold, holdOf } from '../../retain/hold.js';
import { before, HOUR, type Period, periodOf } from '../../retain/period.js';
import { Problem } from '../arguments.js';
import type { World } from '../command.js';
import { visible } from '../text.js';

const KEY_VARIABLE = 'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE';

/** THE TABLE of the presets: after how long files are archived and deleted. */
export const PRESETS = {
  '30-days': ['7d', '30d'],
  '1-year': ['90d', '1y'],
  '6-years': ['90d', '6y'],
} as const satisfies Readonly<Record<string, readonly [archive: string, remove: string]>>;

export interface Request {
  readonly folder: string;
  readonly archiveAfter: Period | undefined;
  readonly deleteAfter: Period | undefined;
  /** Recipients, or files of them. */
  readonly encryptTo: readonly string[];
  readonly hold: string | undefined;
  readonly key: string | undefined;
  /** Where the key is set, for messages. */
  readonly keySource: string;
  readonly trust: string | undefined;
  readonly dryRun: boolean;
  /** A preset that nobody has confirmed. */
  readonly unconfirmed: string | undefined;
  readonly json: boolean;
}

export const USAGE = `Usage: mcp-trail retain [options] <folder>

Archives the rotated files of an audit trail, and deletes what is older than it has to be kept. Nothing happens to files
that no option names a time for. Each deletion is recorded first, signed, in retention.jsonl of the same folder: mcp-trail
verify then knows why records are missing.

  --archive-after <time>  compress files that were not changed for so long into the subfolder archive, at least 1h
  --delete-after <time>   delete files all of whose records are older, at least 1h and as long as --archive-after
  --preset <name>         ${Object.entries(PRESETS)
    .map(([name, [archive, remove]]) => `${name} (${archive}, ${remove})`)
    .join(', ')};
                          says what it would do, until --confirm is given, too
  --confirm               the preset is what you want
  --encrypt-to <age1…>    encrypt archives for this recipient of age, or for those in a file. May be repeated
  --hold <file>           what must not be deleted: names, patterns of names, ids of chains, periods; # comments
  --key <file>            the key that signs deletions and descriptions of archives; default: ${KEY_VARIABLE}
  --trust <file>          public keys that signed descriptions before --key did (a JWK Set)
  --dry-run               change nothing, and say what would be done
  --json                  a line of JSON for each file, and one for the total
  --help                  this text

Times are minutes, hours, days, weeks or years of the calendar: 90m, 36h, 30d, 12w, 6y.

Exit code: 0 done, or nothing to do, 2 something was left alone, 3 wrong usage, or it cannot be done.
`;

/**
 * The request; undefined for help.
 *
 * @throws Problem
 */
export function requestOf(args: readonly string[], env: World['env']): Request | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [folder = '', ...more] = positionals;
  if (folder === '' || more.length > 0) throw new Problem('retain needs one folder');
  const { preset, confirm = false, hold, trust, json = false, 'encrypt-to': encryptTo = [] } = values;
  const [archive, remove] = timesOf(preset, values['archive-after'], values['delete-after']);
  if (confirm && preset === undefined) throw new Problem('--confirm is about a --preset');
  const archiveAfter = periodIn('archive-after', archive);
  const deleteAfter = periodIn('delete-after', remove);
  if (archiveAfter === undefined && deleteAfter === undefined) {
    throw new Problem(
      'retain needs --archive-after, --delete-after or a --preset: nothing is kept or deleted by default',
    );
  }
  if (archiveAfter !== undefined && deleteAfter !== undefined && before(0, deleteAfter) > before(0, archiveAfter)) {
    throw new Problem(`--delete-after ${deleteAfter.text} is shorter than --archive-after ${archiveAfter.text}`);
  }
  if (encryptTo.length > 0 && archiveAfter === undefined) throw new Problem('--encrypt-to needs --archive-after');
  if ([hold, trust, values.key, ...encryptTo].includes('')) throw new Problem('the name of a file is empty');
  const unconfirmed = preset !== undefined && !confirm ? preset : undefined;
  return {
    folder,
    archiveAfter,
    deleteAfter,
    encryptTo,
    hold,
    key: values.key ?? (env[KEY_VARIABLE] || undefined),
    keySource: values.key === undefined ? `the file that ${KEY_VARIABLE} names` : 'the file of --key',
    trust,
    dryRun: values['dry-run'] === true || unconfirmed !== undefined,
    unconfirmed,
    json,
  };
}

type Times = readonly [archive: string | undefined, remove: string | undefined];

function timesOf(preset: string | undefined, archive: string | undefined, remove: string | undefined): Times {
  if (preset === undefined) return [archive, remove];
  if (archive !== undefined || remove !== undefined) {
    throw new Problem('a --preset has its own times: give it, or --archive-after and --delete-after');
  }
  if (Object.hasOwn(PRESETS, preset)) return PRESETS[preset as keyof typeof PRESETS];
  throw new Problem(`--preset takes ${Object.keys(PRESETS).join(', ')}; not ${visible(preset, 80)}`);
}

function periodIn(option: string, text: string | undefined): Period | undefined {
  if (text === undefined) return undefined;
  const period = periodOf(text);
  if (period === undefined) {
    throw new Problem(
      `--${option} takes a time as 90m, 36h, 30d, 12w or 6y, at most 100 years; not ${visible(text, 80)}`,
    );
  }
  if (before(0, period) > -HOUR) throw new Problem(`--${option} is ${text}; accepted: at least 1h`);
  return period;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'archive-after': { type: 'string' },
      'delete-after': { type: 'string' },
      preset: { type: 'string' },
      confirm: { type: 'boolean' },
      'encrypt-to': { type: 'string', multiple: true },
      hold: { type: 'string' },
      key: { type: 'string' },
      trust: { type: 'string' },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

/** The content of the files that a request names. */
export interface Given {
  readonly recipients: readonly Recipient[];
  readonly hold: Hold;
  readonly key: SigningKey | undefined;
  readonly trusted: readonly PublicKey[];
}

/** @throws Problem */
export function readGiven({ encryptTo, hold, key, keySource, trust }: Request, now: number): Given {
  const signing = key === undefined ? undefined : readSigningKey(key);
  if (signing !== undefined && 'reason' in signing) throw new Problem(`${keySource} ${signing.reason}`);
  // What it signs would explain nothing.
  if (signing !== undefined && !isValidAt(signing, now)) {
    throw new Problem(`${keySource} holds a key that has expired or is not valid yet; mcp-trail keygen makes another`);
  }
  const trusted = trust === undefined ? [] : readTrustedKeys(trust);
  if ('reason' in trusted) throw new Problem(`the trust file ${visible(trust as string)} ${trusted.reason}`);
  return { recipients: encryptTo.flatMap(recipientsOf), hold: holdIn(hold), key: signing, trusted };
}

function holdIn(path: string | undefined): Hold {
  if (path === undefined) return HOLDS_NOTHING;
  const hold = holdOf(textIn('hold', path));
  if (typeof hold === 'function') return hold;
  throw new Problem(`line ${hold.line} of the hold file ${visible(path)} ${hold.reason}`);
}

const RECIPIENT = /^age1[0-9a-z]+$/;
const IDENTITY = /^AGE-SECRET-KEY-/i;

function recipientsOf(given: string): Recipient[] {
  if (RECIPIENT.test(given)) return [{ text: given, where: 'the text of --encrypt-to' }];
  if (IDENTITY.test(given))
    throw new Problem('--encrypt-to is an identity, which is secret; accepted: a recipient, age1…');
  const path = visible(given);
  const lines = textIn('recipients', given).split(/\r?\n/);
  const recipients = lines.flatMap((line, index) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const where = `line ${index + 1} of the recipients file ${path}`;
    if (IDENTITY.test(text))
      throw new Problem(`${where} is an identity, which is secret; accepted: a recipient, age1…`);
    if (!RECIPIENT.test(text)) throw new Problem(`${where} is no recipient of age; accepted: age1…`);
    return [{ text, where }];
  });
  if (recipients.length === 0) throw new Problem(`the recipients file ${path} has no recipient; a line is age1…`);
  return recipients;
}

const MAX_FILE_BYTES = 1024 * 1024;

/** @param kind what the file is, for messages */
function textIn(kind: string, path: string): string {
  const what = `the ${kind} file ${visible(path)}`;
  try {
    const found = statSync(path);
    // Reading a pipe would wait.
    if (!found.isFile()) throw new Problem(`${what} is not a file`);
    if (found.size > MAX_FILE_BYTES)
      throw new Problem(`${what} has ${found.size} bytes; accepted: at most ${MAX_FILE_BYTES}`);
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`${what} cannot be read (${codeOf(error) ?? 'unknown error'})`);
  }
}
