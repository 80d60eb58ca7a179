/** Wildcard patterns, matched in time linear in the text: a set of positions in the pattern advances with it. */

/** How much of a text is read, in UTF-16 units. */
export const MAX_TEXT_CHARS = 1024;

export interface GlobOptions {
  /** One character that `*` and `?` do not match, and `**` does. Without it, they match everything. */
  readonly separator?: string;
  /** Whether the pattern also matches with a separator and more behind it, as a folder matches its files. */
  readonly under?: boolean;
  /** Whether all of a long text is read, and nothing but the text matches. */
  readonly whole?: boolean;
}

/**
 * Whether the whole text matches. Of a text longer than {@link MAX_TEXT_CHARS}, only the start is read, and it matches if some
 * continuation would: a long text does not evade a pattern. The option `whole` reads all of it.
 */
export type Glob = (text: string) => boolean;

/** A step consumes one character, forks into other steps, or is the end. */
type Step =
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'any'; readonly except: number | undefined }
  | { readonly kind: 'fork'; readonly to: number[] }
  | { readonly kind: 'end' };

/**
 * Compiles a pattern of `*` (any characters), `?` (any one character), `{a,b}` (one of several patterns) and literal characters.
 * With a separator, `**` crosses it, and `**` between two separators also matches no part at all. Undefined for an empty
 * pattern and for braces that are unbalanced or offer no choice.
 */
export function compileGlob(pattern: string, options: GlobOptions = {}): Glob | undefined {
  if (pattern === '') return undefined;
  const steps = new Parser(pattern, options.separator).parse();
  if (steps === undefined) return undefined;
  const start = literalStart(pattern);
  if (start === pattern && options.under !== true) return (text) => text === pattern;
  const matches = matcher(steps, options);
  return (text) => text.startsWith(start) && matches(text);
}

/** The literal start of every matching text. */
function literalStart(pattern: string): string {
  const wild = pattern.search(/[*?{]/);
  return wild < 0 ? pattern : pattern.slice(0, wild);
}

class Parser {
  readonly #chars: readonly string[];
  readonly #separator: string | undefined;
  readonly #steps: Step[] = [];
  #at = 0;

  constructor(pattern: string, separator: string | undefined) {
    this.#chars = [...pattern];
    this.#separator = separator;
  }

  parse(): readonly Step[] | undefined {
    if (!this.#sequence(false) || this.#at < this.#chars.length) return undefined;
    this.#steps.push({ kind: 'end' });
    return this.#steps;
  }

  /** Parses up to the end, or in braces up to the comma or closing brace. False if malformed. */
  #sequence(inBraces: boolean): boolean {
    while (this.#at < this.#chars.length) {
      const char = this.#chars[this.#at] as string;
      if (char === '}' || (char === ',' && inBraces)) return inBraces;
      if (char === '*') this.#stars();
      else if (char === '{') {
        if (!this.#choice()) return false;
      } else {
        this.#steps.push(char === '?' ? this.#any(false) : { kind: 'char', code: char.codePointAt(0) as number });
        this.#at += 1;
      }
    }
    return !inBraces;
  }

  #any(crossing: boolean): Step {
    return { kind: 'any', except: crossing ? undefined : this.#separator?.codePointAt(0) };
  }

  #stars(): void {
    const first = this.#at;
    while (this.#chars[this.#at] === '*') this.#at += 1;
    const crossing = this.#at - first > 1;
    const before = this.#chars[first - 1] ?? this.#separator;
    const wholePart = crossing && before === this.#separator && this.#chars[this.#at] === this.#separator;
    if (!wholePart || this.#separator === undefined) {
      this.#repeat(crossing);
      return;
    }
    this.#at += 1;
    const skip: number[] = [this.#steps.length + 1];
    this.#steps.push({ kind: 'fork', to: skip });
    this.#repeat(true);
    this.#steps.push({ kind: 'char', code: this.#separator.codePointAt(0) as number });
    skip.push(this.#steps.length);
  }

  #repeat(crossing: boolean): void {
    const start = this.#steps.length;
    this.#steps.push({ kind: 'fork', to: [start + 1, start + 3] }, this.#any(crossing), { kind: 'fork', to: [start] });
  }

  /** Parses `{a,b}`. False if malformed. */
  #choice(): boolean {
    const choices: number[] = [];
    const end: number[] = [];
    this.#steps.push({ kind: 'fork', to: choices });
    do {
      this.#at += 1;
      choices.push(this.#steps.length);
      if (!this.#sequence(true)) return false;
      this.#steps.push({ kind: 'fork', to: end });
    } while (this.#chars[this.#at] === ',');
    this.#at += 1;
    end.push(this.#steps.length);
    return choices.length > 1;
  }
}

/** Follows all positions at once. No position is visited twice per character, so braces and stars cost no more than letters. */
function matcher(steps: readonly Step[], { separator, under = false, whole = false }: GlobOptions): Glob {
  const end = steps.length - 1;
  const stop = under ? separator?.codePointAt(0) : undefined;
  /** When each step was last entered, counted in characters over all calls. */
  const entered = new Float64Array(steps.length);
  let moment = 0;

  function enter(first: number, places: number[]): void {
    const open = [first];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (entered[place] === moment) continue;
      entered[place] = moment;
      const step = steps[place] as Step;
      if (step.kind === 'fork') open.push(...step.to);
      else places.push(place);
    }
  }

  function advance(places: readonly number[], code: number): number[] {
    const next: number[] = [];
    moment += 1;
    for (const place of places) {
      const step = steps[place] as Step;
      if (step.kind === 'char' ? step.code === code : step.kind === 'any' && step.except !== code) {
        enter(place + 1, next);
      }
    }
    return next;
  }

  return (text) => {
    const start = whole ? text : text.slice(0, MAX_TEXT_CHARS);
    let places: number[] = [];
    moment += 1;
    enter(0, places);
    for (const char of start) {
      const code = char.codePointAt(0) as number;
      if (code === stop && places.includes(end)) return true;
      places = advance(places, code);
      if (places.length === 0) return false;
    }
    if (start.length === text.length) return places.includes(end);
    return under || places.some((place) => place !== end);
  };
}
