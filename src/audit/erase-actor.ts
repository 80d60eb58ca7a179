/** Erases somebody from the maps of pseudonyms of state directories, and writes the records of that. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditConfig } from '../audit-types.js';
import { acquireLock, type Lock } from '../inventory/lock.js';
import type { Environment } from '../options/resolve.js';
import { checkMaps, eraseFrom, markTold } from '../pseudonyms/erase.js';
import { isPseudonym, MAP_FILE } from '../pseudonyms/lines.js';
import { erasedIn, idsBehind, pseudonymsOf, reasonOf, untold } from '../pseudonyms/maps.js';
import { filesWith, tracesOf } from '../pseudonyms/traces.js';
import { RedactionCounts } from '../redact/redaction-counts.js';
import { Redactor } from '../redact/redactor.js';
import { commandValues } from './command-values.js';
import { personsOf } from './persons.js';
import { sharedFor } from './process-trail.js';
import { RecordFields } from './record-fields.js';
import { addSafe } from './sanitise.js';
import type { Trail } from './trail.js';

const NOWHERE =
  'the erasure needs a file for its record: --audit, MCP_TRAIL_AUDIT_FILE, or MCP_TRAIL_AUDIT with file or stderr';

const NAMED = { os: 'you', self_asserted: 'who is erased' };

/** Longer than until the lock of a process that was killed is stale. */
const WAIT_MS = 15_000;
/** In one record: records have a bound. */
const MAX_PSEUDONYMS = 100;

export interface ActorErasure {
  readonly stateDirectories: readonly string[];
  readonly ids: readonly string[];
  /** The file that gets the record; by default, where the environment says that records go. */
  readonly file: string | undefined;
  /** The file with the key that signs it; by default that of the environment. */
  readonly key: string | undefined;
  /** Who erases, and whether that is their own claim or the operating system's. */
  readonly by: string;
  readonly source: 'os' | 'self_asserted';
  readonly env: Environment;
}

/** What there is to erase, and what an earlier run erased without a record of it. */
export interface Erasable {
  readonly pseudonyms: readonly string[];
  readonly untold: readonly string[];
  /** Somebody was given by a pseudonym that is erased: other maps may have them by another, and nothing leads to it. */
  readonly isIdGone: boolean;
}

export type ActorErased =
  | {
      /** All that the records name. */
      readonly pseudonyms: readonly string[];
      /** In how many state directories they were. */
      readonly maps: number;
      /** Files that still have an id, or cannot be searched. */
      readonly remains: readonly string[];
    }
  | { readonly problem: string };

/**
 * The ids as records have them before they get pseudonyms, and as they are given: by themselves or by a pseudonym.
 *
 * @throws errors of the file system, for which `reasonOf` has words
 */
function idsOf(stateDirectories: readonly string[], given: readonly string[]): ReadonlySet<string> {
  const redactor = new Redactor({});
  const pseudonyms = new Set(given.filter(isPseudonym));
  const ids = given.filter((id) => !isPseudonym(id));
  return new Set([
    ...ids.flatMap((id) => [id, redactor.identity('audit.actor.id', id), redactor.name('', id)]),
    ...stateDirectories.flatMap((directory) => [...idsBehind(directory, pseudonyms)]),
  ]);
}

/** @throws errors of the file system, for which `reasonOf` has words */
export function erasableIn(stateDirectories: readonly string[], asked: readonly string[]): Erasable {
  const ids = idsOf(stateDirectories, asked);
  const all = (find: (directory: string) => ReadonlySet<string>) => [
    ...new Set(stateDirectories.flatMap((directory) => [...find(directory)])),
  ];
  const given = new Set(stateDirectories.length > 1 ? asked.filter(isPseudonym) : []);
  return {
    pseudonyms: all((directory) => pseudonymsOf(directory, (id) => ids.has(id))),
    untold: all(untold),
    isIdGone: given.size > 0 && all(erasedIn).some((each) => given.has(each)),
  };
}

/**
 * Erases, in this order: whether records can be written is tried; the entries become tombstones, which say that no record
 * names them yet; the records are written; the tombstones say so. Ended in between, it goes on where it was when it is called again.
 */
export function eraseActor(asked: ActorErasure): ActorErased {
  const directories = [...new Set(asked.stateDirectories.map((directory) => realpathSync(directory)))];
  let ids: ReadonlySet<string>;
  try {
    ids = idsOf(directories, asked.ids);
  } catch (error) {
    return { problem: `a map of pseudonyms cannot be read: ${reasonOf(error)}` };
  }
  // As records have it: a pseudonym that was given may have led to it.
  const who = new Redactor({}).identity('audit.actor.id', asked.by);
  if (ids.has(who) || asked.ids.includes(who)) {
    return { problem: `the record would name ${NAMED[asked.source]}: say who erases, with --by` };
  }
  const opened = openTrail(asked, directories[0]);
  if ('problem' in opened) return opened;
  const { trail, lost, by } = opened;
  const locks: Lock[] = [];
  try {
    for (const directory of directories) {
      const lock = acquireLock(join(directory, `${MAP_FILE}.lock`), WAIT_MS, () => {});
      if (lock === undefined) return { problem: `another erasure is at work in ${directory}` };
      locks.push(lock);
      checkMaps(directory);
    }
    for (const directory of directories) eraseFrom(directory, ids, tracesOf(ids));
    const erased = directories.map(untold);
    const pseudonyms = [...new Set(erased.flatMap((each) => [...each]))];
    const maps = erased.filter(({ size }) => size > 0).length;
    for (let from = 0; from < pseudonyms.length; from += MAX_PSEUDONYMS) {
      trail.record({
        name: 'mcp_audit.erasure',
        severity: 'INFO',
        fields: new RecordFields(by).add({
          'audit.action': 'UPDATE',
          'audit.outcome': 'success',
          'audit.target.type': 'config',
          'audit.target.id': 'pseudonyms',
          'mcp_audit.correlation.id': trail.newId(),
          'mcp_audit.erasure.pseudonyms': pseudonyms.slice(from, from + MAX_PSEUDONYMS),
          'mcp_audit.erasure.maps': maps,
        }),
      });
    }
    if (lost.length > 0) {
      return { problem: `erased, but the record cannot be written (${causes(lost)}). Run the command again` };
    }
    for (const [at, directory] of directories.entries()) markTold(directory, erased[at] as Set<string>);
    return { pseudonyms, maps, remains: directories.flatMap((directory) => filesWith(directory, ids)) };
  } catch (error) {
    return { problem: `a map of pseudonyms cannot be changed: ${reasonOf(error)}. Run the command again` };
  } finally {
    // What was begun is ended, with a signature: the trail verifies.
    trail.close();
    for (const lock of locks) lock.release();
  }
}

interface Opened {
  readonly trail: Trail;
  readonly lost: readonly string[];
  /** Who erases. */
  readonly by: RecordFields;
}

/** Begins the command's own chain. A problem if nothing can be written to it: nothing is erased without a record. */
function openTrail(
  { file, key, by, source, env }: ActorErasure,
  stateDirectory: string | undefined,
): Opened | { readonly problem: string } {
  const config: AuditConfig = {
    ...(file === undefined ? {} : { delivery: 'file', file }),
    ...(key === undefined ? {} : { signingKeyFile: key }),
  };
  const values = commandValues(config, env, stateDirectory);
  if (values.delivery.length === 0) return { problem: NOWHERE };
  const redactor = new Redactor({});
  const shared = sharedFor(config, values, redactor, env);
  const { trail } = shared;
  const lost: string[] = [];
  trail.start(undefined, (sink, cause) => lost.push(`${sink}: ${cause}`));
  trail.announce();
  if (lost.length > 0) {
    trail.close();
    return { problem: `nothing is erased: its record cannot be written (${causes(lost)})` };
  }
  const redaction = {
    redactor,
    counts: new RedactionCounts(),
    secret: undefined,
    ...personsOf(values, { digester: shared.key.digester, pseudonyms: shared.pseudonyms }),
  };
  const fields = addSafe(new RecordFields(), { 'audit.actor.id': by }, redaction);
  return { trail, lost, by: fields.add({ 'audit.actor.type': 'user', 'mcp_audit.actor.source': source }) };
}

function causes(lost: readonly string[]): string {
  return [...new Set(lost)].join(', ');
}
