/** What must not be deleted, whatever its age: a file that people write. Pure. */
import { compileGlob } from '../policy/glob.js';
import { closedFile } from './names.js';

const CHAIN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const PERIOD = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/;
const NAME = /^[^\s/\\]{1,255}$/;
const DAY_MS = 86_400_000;
const MAX_LINES = 10_000;

/** What a line of the file may be about. Times are in milliseconds since 1970. */
export interface Holdable {
  /** The original name. */
  readonly name: string;
  readonly chains: readonly string[];
  readonly oldest: number;
  readonly newest: number;
}

/** The line that holds a file; undefined if none does. */
export type Hold = (file: Holdable) => number | undefined;

/** A line that is none of what is accepted. */
export interface WrongLine {
  readonly line: number;
  readonly reason: string;
}

type Test = (file: Holdable) => boolean;

export const HOLDS_NOTHING: Hold = () => undefined;

/** Reads the text of such a file. */
export function holdOf(text: string): Hold | WrongLine {
  const tests: (readonly [line: number, test: Test])[] = [];
  const lines = text.replace(/^\ufeff/, '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const said = raw.replace(/(?:^|\s)#.*$/, '').trim();
    if (said === '') continue;
    const line = index + 1;
    if (tests.length === MAX_LINES) return { line, reason: `is one too many: at most ${MAX_LINES} are accepted` };
    const test = testOf(said);
    if (test === undefined) return { line, reason: ACCEPTED };
    tests.push([line, test]);
  }
  return (file) => tests.find(([, test]) => test(file))?.[0];
}

const ACCEPTED =
  'is not understood; accepted: a file name or a pattern of names with *, the id of a chain, or a period as ' +
  '2026-01-01..2026-03-31';

function testOf(said: string): Test | undefined {
  if (CHAIN.test(said)) return ({ chains }) => chains.includes(said);
  const [, first, last] = PERIOD.exec(said) ?? [];
  if (first !== undefined && last !== undefined) return periodTest(dayOf(first), dayOf(last));
  // A period or a chain with a slip would hold nothing.
  if (!NAME.test(said) || said.includes('..') || !/[.*]/.test(said)) return undefined;
  const glob = compileGlob(said, { whole: true });
  // Who holds a file does not know when it will be rotated or put aside.
  return glob && (({ name }) => glob(name) || glob(closedFile(name)?.before ?? name));
}

function periodTest(first: number, last: number): Test | undefined {
  if (!(first <= last)) return undefined;
  return ({ oldest, newest }) => !(newest < first || oldest >= last + DAY_MS);
}

/** NaN for a day that the calendar does not have. */
function dayOf(text: string): number {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? time : Number.NaN;
}
