/** Whom a filter means in records that hold pseudonyms and digests: the maps and keys of state directories know. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../lib/attempt.js';
import { isFolder } from '../../lib/files.js';
import { pseudonymsOf, reasonOf } from '../../pseudonyms/maps.js';
import { Digester, parseDigestKey } from '../../redact/digest.js';
import { Problem } from '../arguments.js';
import { visible } from '../text.js';
import type { Filter } from './filters.js';

const KEY_FILE = 'digest.key';
const MAX_KEY_BYTES = 65_536;
const PATTERN = /[*?{]/;

/** The filters, of which those by persons also match their pseudonyms. @throws Problem */
export function withPseudonyms(filters: readonly Filter[], states: readonly string[]): readonly Filter[] {
  if (states.length === 0) return filters;
  if (filters.every(({ person }) => person === undefined)) {
    throw new Problem('--state needs somebody to look up: --actor, --delegate, --approver, --address or --session');
  }
  for (const state of states) if (!isFolder(state)) throw new Problem(`${visible(state)} is not a folder`);
  const digesters = states.flatMap((state) => attempt(() => digesterIn(state)) ?? []);
  return filters.map((filter) => {
    const { person } = filter;
    if (person === undefined) return filter;
    const exact = person.patterns.filter((pattern) => !PATTERN.test(pattern));
    const digests = exact.flatMap((id) => digesters.map((digester) => digester.digest(id)));
    return person.orOneOf(new Set([...digests, ...states.flatMap((state) => lookUp(state, person.passes))]));
  });
}

function lookUp(state: string, passes: (id: string) => boolean): string[] {
  try {
    return [...pseudonymsOf(state, passes)];
  } catch (error) {
    throw new Problem(`the map of pseudonyms in ${visible(state)} cannot be read: ${reasonOf(error)}`);
  }
}

/** Undefined without a key. @throws errors of the file system */
function digesterIn(state: string): Digester | undefined {
  const path = join(state, KEY_FILE);
  const found = statSync(path);
  if (!found.isFile() || found.size > MAX_KEY_BYTES) return undefined;
  const { key } = parseDigestKey(undefined, readFileSync(path, 'utf8'));
  return key && new Digester(key);
}
