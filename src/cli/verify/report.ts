/** What verify prints: a few lines for people, or a line of JSON for each chain. */
import type { World } from '../command.js';
import { counted, mayColour, painter, visibleJson } from '../text.js';
import type { ChainReport } from './chain-check.js';
import type { Finding } from './findings.js';
import { type Lost, losersText } from './losers.js';

/** Chains with findings that are shown to people, and findings of each. */
const MAX_CHAINS = 100;
const MAX_FINDINGS = 10;
const MAX_LINES = 100;

export type Result = 'intact' | 'unproven' | 'incomplete' | 'tampered';

/** All chains in numbers. */
export interface Totals {
  readonly result: Result;
  readonly exit: number;
  readonly inputs: number;
  readonly unreadable: number;
  /** Inputs that have something else in them. */
  readonly withoutRecords: number;
  readonly records: number;
  readonly copies: number;
  readonly chains: number;
  readonly withFindings: number;
  readonly missing: number;
  readonly explained: number;
  /** Those that are missing since they were deleted, as retention records state. */
  readonly deleted: number;
  /** Those that are explained, by the sinks that lost them. */
  readonly lost: Lost;
  readonly altered: number;
  readonly unchained: number;
  /** Records after the last checkpoint of their chain. */
  readonly tail: number;
  /** Other records that are not linked to a checkpoint. */
  readonly unlinked: number;
}

export interface Report {
  /** About a line, or about all chains. */
  finding(finding: Finding): void;
  chain(chain: ChainReport): void;
  note(text: string): void;
  end(totals: Totals): void;
}

/** A document per line: findings, chains, and at last the totals. */
export function jsonReport({ out }: World): Report {
  const write = (value: unknown) => out.write(`${visibleJson(value, 0)}\n`);
  return {
    finding: (finding) => write({ type: 'finding', ...finding }),
    chain: ({ findings, ...chain }) => {
      const more = findings.total - findings.kept.length;
      write({ type: 'chain', ...chain, findings: findings.kept, ...(more > 0 && { more }) });
    },
    note: (text) => write({ type: 'note', text }),
    end: (totals) => write({ type: 'summary', ...totals }),
  };
}

/** @param strict whether what is only reported counts */
export function textReport({ out, env }: World, strict: boolean): Report {
  const paint = painter(out.terminal && mayColour(env));
  const line = (text: string) => out.write(`${text}\n`);
  const marked = ({ severity, text }: Finding) => {
    const colourOf = severity === 'tampered' ? paint.red : severity === 'reported' ? paint.dim : paint.yellow;
    return `${colourOf(`${severity}:`)} ${text}`;
  };
  let lines = 0;
  let chains = 0;
  return {
    finding: (finding) => {
      lines += 1;
      if (lines <= MAX_LINES) line(marked(finding));
    },
    chain: ({ id, first, last, tail, findings }) => {
      // Every chain of a process that runs has a tail: their sum is enough.
      const shown = findings.kept.filter(({ kind }) => strict || kind !== 'tail');
      if (shown.length === 0) return;
      chains += 1;
      if (chains > MAX_CHAINS) return;
      line(`chain ${paint.bold(id)}${first === undefined ? '' : `, records ${first} to ${last}`}`);
      for (const finding of shown.slice(0, MAX_FINDINGS)) line(`  ${marked(finding)}`);
      const hidden = tail > 0 && !strict ? 1 : 0;
      const more = findings.total - hidden - Math.min(shown.length, MAX_FINDINGS);
      if (more > 0) line(`  and ${more} more`);
    },
    note: line,
    end: (totals) => {
      if (lines > MAX_LINES) line(counted(lines - MAX_LINES, 'more finding'));
      if (chains > MAX_CHAINS) line(`${counted(chains - MAX_CHAINS, 'more chain')} with findings`);
      const colourOf =
        totals.result === 'tampered' ? paint.red : totals.result === 'intact' ? paint.bold : paint.yellow;
      line(`${colourOf(`${totals.result}:`)} ${summaryOf(totals)}`);
      const notes = notesOf(totals);
      if (notes.length > 0) line(notes.join('; '));
    },
  };
}

function summaryOf({ result, records, chains, withFindings, altered, missing }: Totals): string {
  const whole = `${counted(records, 'record')} in ${counted(chains, 'chain')}`;
  if (result === 'intact') return whole;
  const wrong = [
    altered > 0 ? `${counted(altered, 'alteration')}` : '',
    missing > 0 ? `${counted(missing, 'record')} missing` : '',
    withFindings > 0 ? `${counted(withFindings, 'chain')} with findings` : '',
  ];
  return [...wrong.filter((text) => text !== ''), whole].join(', ');
}

function notesOf({ tail, explained, deleted, lost, unchained, copies, withoutRecords }: Totals): string[] {
  return [
    tail > 0
      ? `${counted(tail, 'record')} from the last checkpoints on, which prove nothing about ${tail === 1 ? 'it' : 'them'} yet`
      : '',
    explained > 0 ? `${counted(explained, 'record')} lost by ${losersText(lost)}, as records of gaps state` : '',
    deleted > 0 ? `${counted(deleted, 'record')} deleted, as retention records state` : '',
    unchained > 0 ? `${counted(unchained, 'record')} from versions without chains` : '',
    copies > 0 ? `${counted(copies, 'copy', 'copies')} left out` : '',
    withoutRecords > 0 ? `${counted(withoutRecords, 'file')} without records` : '',
  ].filter((text) => text !== '');
}
