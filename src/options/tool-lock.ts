/** The tool lock: what each member of the document accepts, and reading it from a file. */

import { MAX_ALL_TOOLS, MAX_NAME, MAX_SERVERS } from '../inventory/bounds.js';
import { isMember, UNHASHABLE } from '../inventory/hashes.js';
import { keyOf, type LockedServer, type LockedTool, type ToolLockDocument } from '../inventory/tool-lock.js';
import { readJsonFile } from '../lib/json-file.js';
import { checked, listOf, objectOf, recordOf, skippable } from './containers.js';
import { exactly, type Kind, type Refuse, text } from './kinds.js';
import { Problems } from './problem.js';

/** More than a lock of as many tools as an inventory keeps. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const DOCUMENT = 'the tool lock';
const IGNORED = 'It is ignored';
const NO_LOCK = 'There is no lock';

const name = text(MAX_NAME, `a name of at most ${MAX_NAME} characters`, () => true);

const tool = objectOf<LockedTool>(
  {
    name,
    hash: text(64, '64 hexadecimal digits', /^[0-9a-f]{64}$/),
    memberHashes: recordOf(
      text(MAX_NAME, 'names of members of a tool', isMember),
      text(16, `16 hexadecimal digits, ${UNHASHABLE}`, new RegExp(`^(?:[0-9a-f]{16}|${UNHASHABLE})$`)),
    ),
  },
  { required: ['name', 'hash', 'memberHashes'], unknown: IGNORED },
);

const isUnique = (values: readonly string[]) => new Set(values).size === values.length;

const tools: Kind<readonly LockedTool[]> = checked(
  listOf(tool, { max: MAX_ALL_TOOLS, accepts: `a list of up to ${MAX_ALL_TOOLS} tools` }),
  'tools with different names',
  (each) => isUnique(each.map((one) => one.name)),
);

const servers: Kind<readonly LockedServer[]> = checked(
  listOf(objectOf<LockedServer>({ name, endpoint: name, tools }, { required: ['tools'], unknown: IGNORED }), {
    max: MAX_SERVERS,
    accepts: `a list of up to ${MAX_SERVERS} servers`,
  }),
  'servers with different names or endpoints',
  (each) => isUnique(each.map(keyOf)),
);

const version = exactly(1 as const);

const members = objectOf<ToolLockDocument>(
  { $schema: skippable(text(2048, 'the URI of a JSON Schema'), IGNORED), version, servers },
  { required: ['version', 'servers'], unknown: IGNORED },
);

/** A lock that was read, or undefined, and the problems: with the file, what was found, and what is accepted. */
export interface ReadToolLock {
  readonly document: ToolLockDocument | undefined;
  readonly problems: readonly string[];
}

/**
 * Reads a lock file: UTF-8, up to 32 MiB. Nothing of a file that is refused in part is used. Never throws.
 *
 * @param stated the path as the operator gave it, which begins every problem
 */
export function readToolLock(path: string, stated = path): ReadToolLock {
  const read = readJsonFile(path, MAX_FILE_BYTES);
  if ('value' in read) return parseToolLock(read.value, stated);
  const problems = new Problems(stated);
  problems.say(`${DOCUMENT} ${read.problem}. ${NO_LOCK}`);
  return { document: undefined, problems: problems.texts };
}

/** Reads the content of a lock file. @param source begins every problem */
export function parseToolLock(value: unknown, source: string): ReadToolLock {
  const [refused, ignored] = [new Problems(source, DOCUMENT), new Problems(source, DOCUMENT)];
  const refuse: Refuse = (path, found, accepts, consequence) => {
    if (consequence === undefined) refused.add(path, found, accepts, NO_LOCK);
    else ignored.add(path, found, accepts, consequence);
  };
  const document = isOtherVersion(value, refuse) ? undefined : members.read(value, '', refuse);
  // One reason is enough to refuse the whole.
  const problems = document === undefined ? refused.texts.slice(0, 1) : ignored.texts;
  return { document, problems };
}

/** A document of another version cannot be checked any further. */
function isOtherVersion(value: unknown, refuse: Refuse): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return version.read((value as Partial<ToolLockDocument>).version, 'version', refuse) === undefined;
}
