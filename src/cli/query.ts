/** `mcp-trail query`: the audit records that match, in the form that somebody needs, or how many they are. */
import { commandOf } from './arguments.js';
import { EXIT, type World } from './command.js';
import { COUNT_FORMS, Counts } from './query/count.js';
import { Follower } from './query/follow.js';
import { Newest } from './query/newest.js';
import { form, type Printer } from './query/outputs.js';
import { withPseudonyms } from './query/pseudonyms.js';
import { MatchReader } from './query/read.js';
import { type Request, requestOf, USAGE } from './query/request.js';
import type { Row } from './query/rows.js';
import { Streamed } from './query/streamed.js';
import type { Look } from './query/table.js';
import { counted, mayColour } from './text.js';

/** What is written at once. */
const WRITE_CHARS = 64 * 1024;
/** Rows of a stream whose columns are made as wide together. */
const BATCH_ROWS = 100;
/** How long a followed operation that has begun waits for its end. */
const WAIT_MS = 10_000;

export const query = commandOf<Request>({
  summary: 'who did what: the audit records that match, or counts of them',
  usage: USAGE,
  hint: 'mcp-trail query --help lists the options.',
  read: (args) => requestOf(args),
  answer,
});

async function answer(request: Request, world: World): Promise<number> {
  const asked = { ...request, filters: withPseudonyms(request.filters, request.states) };
  if (asked.countBy !== undefined) return count(asked, world);
  const out = buffered(world.out.write);
  const { printer, together } = form(asked.output);
  const printed = printer({ print: out.write, fields: asked.fields, look: lookOf(asked, world) });
  const stream = new Batches(printed);
  const streamed = new Streamed(together, stream.add);
  const newest = asked.limit === Number.POSITIVE_INFINITY ? undefined : new Newest(asked.limit, together);
  let live = newest === undefined;
  const reader = new MatchReader(asked, asked, world, (record) => {
    if (live) streamed.add(record, performance.now());
    else newest?.add(record);
  });

  const follower = asked.follow ? new Follower(asked.paths, reader) : undefined;
  if (follower === undefined) await reader.readAll(asked.paths);
  else await follower.start();
  if (newest !== undefined) {
    const rows = newest.rows();
    printed.rows(follower === undefined ? rows : rows.reverse(), follower === undefined);
  }
  live = true;
  if (follower !== undefined && !reader.unreadable) {
    for (;;) {
      streamed.release(performance.now() - WAIT_MS);
      stream.flush();
      out.flush();
      await follower.next();
    }
  }
  streamed.release();
  stream.flush();
  printed.end();
  out.flush();
  if (newest?.cut === true) {
    world.complain(`shown are the newest ${asked.limit}; ${reader.matched} records match (--limit none shows all)`);
  }
  return exitOf(reader, world);
}

async function count(asked: Request, world: World): Promise<number> {
  const { countBy = [], limit, output } = asked;
  const counts = new Counts(countBy, asked.events);
  const reader = new MatchReader(asked, asked, world, (record) => counts.add(record));
  await reader.readAll(asked.paths);
  const print = COUNT_FORMS[output];
  if (!counts.empty && print !== undefined) {
    const look = lookOf(asked, world);
    world.out.write(print({ fields: countBy, groups: counts.groups(limit), total: counts.total(), look }));
  }
  for (const note of counts.notes(limit)) world.complain(note);
  if (counts.empty && reader.matched > 0) {
    world.complain(
      `${counted(reader.matched, 'record')} found, and only responses count: --event counts all records of an event`,
    );
    return reader.unreadable ? EXIT.USAGE : EXIT.NOTHING_FOUND;
  }
  return exitOf(reader, world);
}

function exitOf(reader: MatchReader, world: World): number {
  if (reader.matched === 0) world.complain(reader.nothing());
  if (reader.unreadable) return EXIT.USAGE;
  return reader.matched === 0 ? EXIT.NOTHING_FOUND : EXIT.OK;
}

function lookOf({ utc }: Request, { out, env }: World): Look {
  return { colour: out.terminal && mayColour(env), width: out.columns, utc };
}

/** Rows of a stream, a few at a time. */
class Batches {
  readonly #printer: Printer;
  #rows: Row[] = [];

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  readonly add = (row: Row): void => {
    if (this.#rows.push(row) === BATCH_ROWS) this.flush();
  };

  flush(): void {
    if (this.#rows.length > 0) this.#printer.rows(this.#rows, false);
    this.#rows = [];
  }
}

/** A write for each line would cost more than the line. */
function buffered(write: (text: string) => unknown) {
  let parts: string[] = [];
  let size = 0;
  const flush = () => {
    if (size > 0) write(parts.join(''));
    parts = [];
    size = 0;
  };
  return {
    flush,
    write: (text: string) => {
      parts.push(text);
      size += text.length;
      if (size >= WRITE_CHARS) flush();
    },
  };
}
