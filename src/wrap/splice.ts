/** Puts entries into `params._meta` of a message's bytes. All other bytes stay as they are. */
import { type FoundObject, isObjectAt, type Range, readObject, valueIn } from './json-bytes.js';

/** Text that takes the place of some bytes, or of none. */
interface Change extends Range {
  readonly text: string;
}

/**
 * The line of a message with `entries` in its `params._meta`, as parts. A value that is there already is replaced. Undefined if
 * `params` or `_meta` is not an object: nothing can be put there.
 *
 * @param line valid JSON, of an object
 */
export function withEntries(line: Buffer, entries: Readonly<Record<string, string>>): readonly Buffer[] | undefined {
  const changes = changesFor(line, Object.entries(entries));
  if (changes === undefined) return undefined;
  const parts: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of [...changes].sort((a, b) => a.from - b.from)) {
    parts.push(line.subarray(at, from), Buffer.from(text));
    at = to;
  }
  parts.push(line.subarray(at));
  return parts;
}

type Entries = readonly (readonly [key: string, value: string])[];

function changesFor(line: Buffer, entries: Entries): readonly Change[] | undefined {
  const message = readObject(line, valueIn(line), PARAMS);
  const params = message.values.get('params');
  if (params === undefined) return [addition(message, `"params":{"_meta":{${membersOf(entries)}}}`)];
  if (!isObjectAt(line, params.from)) return undefined;
  const inParams = readObject(line, params.from, META);
  const meta = inParams.values.get('_meta');
  if (meta === undefined) return [addition(inParams, `"_meta":{${membersOf(entries)}}`)];
  if (!isObjectAt(line, meta.from)) return undefined;
  const inMeta = readObject(line, meta.from, new Set(entries.map(([key]) => key)));
  const added = entries.filter(([key]) => !inMeta.values.has(key));
  const replaced = entries.flatMap(([key, value]) => {
    const range = inMeta.values.get(key);
    return range === undefined ? [] : [{ ...range, text: JSON.stringify(value) }];
  });
  return added.length === 0 ? replaced : [...replaced, addition(inMeta, membersOf(added))];
}

/** A further member of an object. */
function addition({ end, isEmpty }: FoundObject, member: string): Change {
  return { from: end, to: end, text: isEmpty ? member : `,${member}` };
}

function membersOf(entries: Entries): string {
  return entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
}

const PARAMS: ReadonlySet<string> = new Set(['params']);
const META: ReadonlySet<string> = new Set(['_meta']);
