/** Says what was done with which file: as lines for people, or as lines of JSON. Pure, but for the output. */
import type { Item, Rest } from '../../retain/run.js';
import type { World } from '../command.js';
import { counted, visible, visibleJson } from '../text.js';
import { utc } from '../time.js';

export interface Report {
  readonly item: (item: Item) => void;
  readonly end: (rest: Rest) => void;
}

type Did = Item['did'];

const COUNTED = ['archived', 'deleted', 'held', 'put aside', 'left'] as const satisfies readonly Did[];

interface Asked {
  readonly json: boolean;
  readonly dryRun: boolean;
}

export function reportTo({ out }: World, { json, dryRun }: Asked): Report & { readonly left: () => number } {
  const counts: Record<Did, number> = { archived: 0, deleted: 0, held: 0, 'put aside': 0, left: 0 };
  const text = json ? jsonOf : textOf;
  return {
    item(item) {
      counts[item.did] += 1;
      out.write(`${text(item, dryRun)}\n`);
    },
    end(rest) {
      out.write(`${json ? jsonTotal(counts, rest, dryRun) : textTotal(counts, rest, dryRun)}\n`);
    },
    left: () => counts.left,
  };
}

/** What would be done, where nothing is. */
const WOULD: Readonly<Record<Did, string>> = {
  archived: 'would archive',
  deleted: 'would delete',
  held: 'would hold',
  'put aside': 'would put aside',
  left: 'would leave',
};
/** Room for a sentence with the name of a file. */
const MAX_WHY = 400;
const WIDTH = 'would put aside'.length;

function textOf(item: Item, dryRun: boolean): string {
  const did = dryRun ? WOULD[item.did] : item.did;
  return `${did.padEnd(dryRun ? WIDTH : 'put aside'.length)}  ${visible(item.name, 255)}${detailsOf(item)}`;
}

function detailsOf(item: Item): string {
  if (item.did === 'left') return `: it ${visible(item.why, MAX_WHY)}`;
  if (item.did === 'held') return `: line ${item.line} of the hold file`;
  if (item.did === 'deleted') return `: ${counted(item.records, 'record')}, the newest of ${utc(item.newest)}`;
  if (item.did === 'put aside' || item.archived === undefined) return '';
  const { archive, bytes, archiveBytes, records } = item.archived;
  return ` as ${visible(archive, 255)}: ${counted(records, 'record')}, ${bytes} bytes in ${archiveBytes}`;
}

function textTotal(counts: Readonly<Record<Did, number>>, { waiting, others }: Rest, dryRun: boolean): string {
  const done = COUNTED.filter((did) => counts[did] > 0).map(
    (did) => `${counts[did]} ${did === 'left' ? 'left alone' : did}`,
  );
  const rest = [
    `${counted(waiting, 'file')} not due`,
    ...(others > 0 ? [`${counted(others, 'file')} without records of a trail`] : []),
  ];
  const all = [...(done.length > 0 ? done : ['nothing to do']), ...rest].join(', ');
  return dryRun ? `nothing was changed; it would be: ${all}` : all;
}

function jsonOf(item: Item, dryRun: boolean): string {
  return visibleJson({ file: item.name, did: item.did, dryRun, ...membersOf(item) }, 0);
}

function membersOf(item: Item): object {
  if (item.did === 'left') return { why: item.why };
  if (item.did === 'held') return { line: item.line };
  if (item.did === 'deleted') return { records: item.records, newest: utc(item.newest) };
  if (item.did === 'put aside' || item.archived === undefined) return {};
  const { archive, bytes, archiveBytes, records } = item.archived;
  return { archive, bytes, archiveBytes, records };
}

function jsonTotal(counts: Readonly<Record<Did, number>>, rest: Rest, dryRun: boolean): string {
  const { 'put aside': putAside, ...others } = counts;
  return visibleJson({ total: { ...others, putAside, ...rest }, dryRun }, 0);
}
