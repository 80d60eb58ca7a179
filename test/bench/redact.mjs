/**
 * The cost and errors of the redactor: `npm run bench:redact -- [--against CHECKOUT] [--rounds N] [--names]`.
 *
 * `CHECKOUT` is the folder of another checkout to compare with, in alternating rounds. Exits with code 1 if an error count exceeds
 * its limit, or this build takes more than 1.5 times as long as the other.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values: flags } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    names: { type: 'boolean', default: false },
  },
});

const SIZE = 16_384;
const SLOWER = 1.5;
/** Time limit per call in milliseconds, on a core up to three times slower than this one. */
const CALL = 20 / 3;

const here = fileURLToPath(new URL('.', import.meta.url));
const corpus = await loadCorpus();

const builds = [{ name: 'this build', ...(await load(resolve(here, '../..'))) }];
if (flags.against !== undefined) builds.unshift({ name: 'other build', ...(await load(resolve(flags.against))) });

const failures = [...judge(), ...time(), ...timeCalls()];
for (const failure of failures) console.log(`over the limit: ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);

/** The measured parts of a build: redaction of a text, and of a call's arguments. */
async function load(checkout) {
  const { argumentNames, newReading, RedactionCounts, Redactor, scrub } = await compiled(checkout, [
    './src/redact/argument-names.js',
    './src/redact/redactor.js',
    './src/redact/scrub.js',
    './src/redact/redaction-counts.js',
  ]);
  const redactor = new Redactor();
  return {
    scrub: (text) => scrub(text, text.length, true),
    capture: (args) => {
      const counts = new RedactionCounts();
      const reading = newReading?.();
      argumentNames(args, undefined, redactor, counts, 'argument name', reading);
      redactor.value('arguments', args, counts, { reading });
    },
  };
}

/** The corpus is that of the tests. */
function loadCorpus() {
  return compiled(here, ['../unit/redact/corpus/corpus.js']);
}

/** What TypeScript modules export, as one. */
async function compiled(resolveDir, modules) {
  const contents = modules.map((module) => `export * from '${module}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Misses and false positives, per part of the corpus. */
function judge() {
  const over = [];
  const rows = [['part of the corpus', 'error', 'of', ...builds.map(({ name }) => name), 'limit']];
  for (const { name, error, size, limit, wrong } of corpus.PARTS) {
    const found = builds.map(({ scrub }) => wrong(scrub));
    rows.push([name, error, size, ...found.map(({ length }) => share(length, size)), percent(limit)]);
    const present = found.at(-1);
    if (present.length / size > limit) over.push(`${name}, ${error}: ${share(present.length, size)}`);
    if (flags.names) for (const each of present) console.log(`${name}, ${error}: ${each}`);
  }
  print(rows);
  return over;
}

/** CPU time of each build per kind of text, in alternating rounds. */
function time() {
  const texts = Object.entries(corpus.textsToTime(SIZE));
  const times = new Map(texts.map(([kind]) => [kind, builds.map(() => [])]));
  for (let round = -2; round < Number(flags.rounds); round++) {
    for (const [kind, text] of texts) {
      const order = builds.map((_, index) => index);
      if (round % 2 === 0) order.reverse();
      for (const index of order) {
        const spent = microseconds(builds[index].scrub, text);
        if (round >= 0) times.get(kind)[index].push(spent);
      }
    }
  }
  const compared = builds.length > 1;
  const rows = [['text', ...builds.map(({ name }) => `${name}, µs/KB`), ...(compared ? ['ratio'] : [])]];
  const sums = builds.map(() => 0);
  for (const [kind, each] of times) {
    const medians = each.map(median);
    for (const [index, value] of medians.entries()) sums[index] += value / times.size;
    rows.push([kind, ...medians.map((value) => value.toFixed(1)), ...(compared ? [ratio(medians)] : [])]);
  }
  rows.push(['mean', ...sums.map((value) => value.toFixed(1)), ...(compared ? [ratio(sums)] : [])]);
  print(rows);
  return compared && sums[1] / sums[0] > SLOWER ? [`time: ${ratio(sums)} times as long`] : [];
}

/** CPU time for a call's arguments: names and values for a record. */
function timeCalls() {
  const over = [];
  const rows = [['call', ...builds.map(({ name }) => `${name}, ms`)]];
  for (const [kind, args] of Object.entries(corpus.callsToTime())) {
    const times = builds.map(({ capture }) => {
      const spent = Array.from({ length: 9 }, () => {
        const { user } = process.cpuUsage();
        capture(args);
        return (process.cpuUsage().user - user) / 1000;
      });
      return median(spent);
    });
    rows.push([kind, ...times.map((each) => each.toFixed(1))]);
    if (times.at(-1) > CALL) over.push(`${kind}: ${times.at(-1).toFixed(1)} ms, of ${CALL.toFixed(1)}`);
  }
  print(rows);
  return over;
}

function microseconds(scrub, text) {
  const runs = 8;
  const { user } = process.cpuUsage();
  for (let run = 0; run < runs; run++) scrub(text);
  return (process.cpuUsage().user - user) / runs / (text.length / 1024);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function ratio([other, present]) {
  return (present / other).toFixed(2);
}

function share(count, size) {
  return `${count} (${percent(count / size)})`;
}

function percent(rate) {
  return `${(rate * 100).toFixed(1)} %`;
}

function print(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const line = (cells) => `| ${cells.map((cell, column) => String(cell).padEnd(widths[column])).join(' | ')} |`;
  console.log([line(rows[0]), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n'));
  console.log();
}
