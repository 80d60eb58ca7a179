/** What a reader has to know before they trust a timeline. Pure. */
import { visible } from '../text.js';
import { readableDuration } from '../time.js';
import type { Collected } from './collect.js';
import type { Skew, Summary } from './summary.js';

const MAX_NAME = 40;

export function notesOf({ skews, guesses, withoutRequest }: Summary, collected: Collected): string[] {
  const { duplicates, conflicting, leftOut, forgotten } = collected;
  const notes = [
    guesses > 0 && `${counted(guesses, 'entry', 'entries')} whose cause is not certain: drawn below the likeliest`,
    duplicates > 0 && `${counted(duplicates, 'copy', 'copies')} of records left out`,
    conflicting > 0 &&
      `${counted(conflicting, 'record')} with the id of another and other content: not all are as they were written`,
    leftOut > 0 && `${counted(leftOut, 'further record')} not shown`,
    forgotten > 0 &&
      withoutRequest > 0 &&
      'a long input: records that share nothing but the operation id with a match far behind them may be missing',
  ];
  return [...skews.map(skewNote), ...notes.filter((note) => note !== false)];
}

function skewNote({ service, caller, calls, maxMs }: Skew): string {
  return (
    `clock skew: ${visible(service, MAX_NAME)} received ${counted(calls, 'call')} of ${visible(caller, MAX_NAME)} up to ` +
    `${readableDuration(maxMs)} before ${calls === 1 ? 'it was' : 'they were'} sent: their clocks disagree`
  );
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
