/** Secrets that a literal mark tells, wherever they stand: tokens of providers, values after a service's name, commands. */
import { COMMANDS } from './commands.js';
import { OVERLAP_CHARS } from './limits.js';
import { type Finding, type Marked, MarkIndex } from './marks.js';
import { NAMED_SECRETS } from './named-secrets.js';
import { startsAlone } from './span.js';
import { TOKEN_SHAPES, type TokenShape } from './tokens.js';

function tokenOf({ id, marks, rest, before, alone }: TokenShape): Marked {
  const following = new RegExp(rest, 'y');
  const preceding = before === undefined ? undefined : new RegExp(`(?<=(${before}))`, 'y');
  return {
    id,
    marks,
    locate: (text, at, mark) => {
      let start = at;
      if (preceding !== undefined) {
        preceding.lastIndex = at;
        const found = preceding.exec(text);
        if (found === null) return undefined;
        start -= (found[1] as string).length;
      }
      // Looked at first: a long run must not be read and then refused.
      if (alone && !startsAlone(text, start)) return undefined;
      following.lastIndex = at + mark.length;
      return following.test(text) ? { start, end: following.lastIndex } : undefined;
    },
  };
}

const TOKEN_ROWS = TOKEN_SHAPES.map(tokenOf);
const TOKENS = new MarkIndex(TOKEN_ROWS);
const ALL = new MarkIndex([...TOKEN_ROWS, ...NAMED_SECRETS, ...COMMANDS]);

/** Says whether a token of a provider stands in the text. */
export function holdsToken(text: string): boolean {
  return TOKENS.some(text, (row, at, mark) => row.locate(text, at, mark) !== undefined);
}

/** Says whether anything stands in the text that is known by its mark. */
export function holdsMarked(text: string): boolean {
  return ALL.some(text, (row, at, mark) => row.locate(text, at, mark) !== undefined);
}

/** Every secret that is known by its mark, in the order of the marks. */
export function markedFindings(text: string): Finding[] {
  const found: Finding[] = [];
  const ends = new Map<Marked, number>();
  ALL.some(text, (row, at, mark) => {
    // Within what was found, the same row is asked again only near the end: what follows may begin there.
    if (at < (ends.get(row) ?? 0) - OVERLAP_CHARS) return false;
    const span = row.locate(text, at, mark);
    if (span !== undefined) {
      found.push({ id: row.id, ...span });
      ends.set(row, span.end);
    }
    return false;
  });
  return found;
}
