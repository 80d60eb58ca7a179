/** What a reader has to know before they trust a timeline. Pure. */
import type { AuditKey } from '../../semconv/audit-record.js';
import { type ReadRecord, textOf } from '../read-records.js';
import { counted, visible } from '../text.js';
import { parseTime, readableDuration } from '../time.js';
import type { Collected } from './collect.js';
import type { Skew, Summary } from './summary.js';

const MAX_NAME = 40;
/** More are left out: one is enough to know. */
const MAX_GAPS = 5;

export function notesOf(summary: Summary, collected: Collected): string[] {
  const { skews, guesses, withoutRequest } = summary;
  const { duplicates, conflicting, leftOut, forgotten, gaps = [] } = collected;
  const notes = [
    guesses > 0 && `${counted(guesses, 'entry', 'entries')} whose cause is not certain: drawn below the likeliest`,
    duplicates > 0 && `${counted(duplicates, 'copy', 'copies')} of records left out`,
    conflicting > 0 &&
      `${counted(conflicting, 'record')} with the id of another record and different content: at least one was altered`,
    leftOut > 0 && `${counted(leftOut, 'further record')} not shown`,
    forgotten > 0 &&
      withoutRequest > 0 &&
      'a long input: records that share only the operation id with a match far behind them may be missing',
  ];
  const missing = gaps.filter((gap) => mayConcern(gap, summary)).slice(0, MAX_GAPS);
  return [...missing.map(gapNote), ...skews.map(skewNote), ...notes.filter((note) => note !== false)];
}

/** Whether records of this timeline may be among those that a process lost. What has no response may go on to be lost. */
function mayConcern(gap: ReadRecord, { first, last, services, withoutResponse }: Summary): boolean {
  if (!services.includes(textOf(gap, 'service.name') ?? '?')) return false;
  const since = parseTime(textOf(gap, 'mcp_audit.gap.since'));
  const until = parseTime(textOf(gap, 'mcp_audit.gap.until'));
  if (first === undefined || last === undefined || since === undefined || until === undefined) return true;
  return until >= first && (since <= last || withoutResponse > 0);
}

function gapNote(gap: ReadRecord): string {
  const said = (key: AuditKey) => visible(textOf(gap, key) ?? '?', MAX_NAME);
  return (
    `${said('service.name')} lost ${said('mcp_audit.gap.records')} records between ${said('mcp_audit.gap.since')} and ` +
    `${said('mcp_audit.gap.until')} (${said('mcp_audit.gap.sink')}: ${said('mcp_audit.gap.causes')}): records missing here may ` +
    'be among them'
  );
}

function skewNote({ service, caller, calls, maxMs }: Skew): string {
  return (
    `clock skew: ${visible(service, MAX_NAME)} received ${counted(calls, 'call')} of ${visible(caller, MAX_NAME)} up to ` +
    `${readableDuration(maxMs)} before ${calls === 1 ? 'it was' : 'they were'} sent: their clocks disagree`
  );
}
