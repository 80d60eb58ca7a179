/** `mcp-trail timeline`: the records of one correlation or trace id, across services. */
import { parseArgs } from 'node:util';
import { Archives } from './archives.js';
import {
  checkPaths,
  commandOf,
  IDENTITY_OPTION,
  IDENTITY_SAYS,
  identitiesOf,
  LIMIT_MAX_LINE_MIB,
  MIB,
  maxLineBytesOf,
  Problem,
} from './arguments.js';
import { EXIT, type World } from './command.js';
import { inputBytes } from './inputs.js';
import { readLines } from './read-lines.js';
import { newReading, type Reading, readRecords } from './read-records.js';
import { counted, mayColour, visible, visibleJson } from './text.js';
import { collector } from './timeline/collect.js';
import { drawTimeline } from './timeline/draw.js';
import { entriesOf } from './timeline/entries.js';
import { rowsOf } from './timeline/order.js';
import { summaryOf } from './timeline/summary.js';
import { timelineJson } from './timeline/to-json.js';

const DEFAULT_MAX_LINE_MIB = 1;
/** Inputs named in a message; further ones are counted. */
const MAX_NAMED_FILES = 10;

const USAGE = `Usage: mcp-trail timeline [options] <correlation-or-trace-id> <file>...

Shows all audit records of one correlation id or trace id, and those of the same operations, as one timeline.
Files hold lines of JSON, plain, gzip or age: audit records, OTLP JSON logs, or exports of Loki, Elasticsearch,
Datadog or Splunk with the record inside. - reads standard input.

  --utc             the time of day in UTC instead of the time since the first record
  --json            one JSON document instead of text
  --identity <file> ${IDENTITY_SAYS}
  --max-line <MiB>  longest line that is read, 1 to ${LIMIT_MAX_LINE_MIB}; default ${DEFAULT_MAX_LINE_MIB}. Longer ones are skipped and counted
  --help            this text

A call is one line for the side that sent it and one, below, for the side that received it. Records do not name
their parents, so nesting is inferred from trace, method, target, JSON-RPC id, process and time: where clocks
disagree, or one process handles several calls of a trace at once, it may be wrong. The notes at the end say so.

Exit code: 0 found, 1 nothing found, 3 wrong usage or an unreadable file.
`;

interface Request {
  readonly id: string;
  readonly files: readonly string[];
  readonly identities: readonly string[];
  readonly json: boolean;
  readonly utc: boolean;
  readonly maxLineBytes: number;
}

interface Input extends Reading {
  readonly name: string;
}

export const timeline = commandOf<Request>({
  summary: 'one id over all services, from files of audit records',
  usage: USAGE,
  read: requestOf,
  answer: show,
});

function requestOf(args: readonly string[]): Request | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [id = '', ...files] = positionals;
  if (id.trim() === '') throw new Problem('timeline needs a correlation id or a trace id, and files');
  if (files.length === 0) throw new Problem('timeline needs at least one file, or - for standard input');
  checkPaths(files);
  const maxLineBytes = maxLineBytesOf(values['max-line'], DEFAULT_MAX_LINE_MIB);
  const { json = false, utc = false } = values;
  return { id: id.trim(), files, identities: identitiesOf(values.identity), json, utc, maxLineBytes };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      utc: { type: 'boolean' },
      'max-line': { type: 'string' },
      ...IDENTITY_OPTION,
    },
  });
}

async function show(asked: Request, world: World): Promise<number> {
  const { id, json } = asked;
  const archives = new Archives(asked.identities, world.complain);
  const { add, collected } = collector(id);
  const inputs: Input[] = [];
  for (const name of asked.files) {
    const input = { name: nameOf(name), ...newReading() };
    inputs.push(input);
    try {
      const lines = readLines(inputBytes(name, world.input, archives.decrypt), asked.maxLineBytes);
      for await (const record of readRecords(lines, input)) add(record);
    } catch (error) {
      // A partial timeline would look complete.
      world.complain(`cannot read ${input.name}: ${reasonOf(error)}`);
      return EXIT.USAGE;
    }
  }
  for (const line of inputs.flatMap((input) => skippedLines(input, asked))) world.complain(line);

  const found = collected();
  const rows = rowsOf(entriesOf(found.records));
  const summary = summaryOf(rows);
  const nothing = found.records.length === 0;
  if (json) {
    world.out.write(`${visibleJson({ ...timelineJson(id, rows, summary, found), inputs })}\n`);
  } else if (!nothing) {
    const { terminal, columns } = world.out;
    const look = { colour: terminal && mayColour(world.env), columns, utc: asked.utc };
    world.out.write(`${drawTimeline(id, rows, summary, found, look)}\n`);
  }
  if (nothing) world.complain(nothingFound(id, inputs));
  return nothing ? EXIT.NOTHING_FOUND : EXIT.OK;
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : visible(file);
}

/** The error's code if it has one: system messages repeat the path. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return visible(String(code ?? message));
}

/** Counts unread lines: their content is unknown and never quoted. */
function skippedLines({ name, broken, tooLong }: Input, { maxLineBytes }: Request): string[] {
  const skipped = [
    [broken, 'not JSON, or hold a record that is cut off'],
    [tooLong, `longer than ${maxLineBytes / MIB} MiB (see --max-line)`],
  ] as const;
  return skipped
    .filter(([{ count }]) => count > 0)
    .map(([{ count, first }, why]) => `${name}:${first}: skipped ${counted(count, 'line')}, this one first: ${why}`);
}

function nothingFound(id: string, inputs: readonly Input[]): string {
  const records = inputs.reduce((sum, input) => sum + input.records, 0);
  const named = inputs
    .slice(0, MAX_NAMED_FILES)
    .map(({ name, records, lines }) => `${name} ${records} of ${counted(lines, 'line')}`);
  const more = inputs.length - named.length;
  const looked = [...named, ...(more > 0 ? [`${counted(more, 'more file')}`] : [])].join(', ');
  return `nothing found for ${visible(id)} in ${counted(records, 'audit record')} (${looked})`;
}
