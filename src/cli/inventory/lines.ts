/** On which lines of a lock file its servers and tools are. Pure. */
import type { ToolLockDocument } from '../../inventory/tool-lock.js';
import { visibleJson } from '../text.js';

/** The line, from 1, of an entry of the lock or of a tool in it; of the nearest thing around it for one that is not there. */
export type LineOf = (entry: number | undefined, tool: string | undefined) => number;

/** @param text that of the file, which is a lock: what it has stands there in the order of the document */
export function linesIn(text: string, { servers }: ToolLockDocument): LineOf {
  const position = new Position(text);
  const lines = servers.map(({ name, tools }) => {
    if (name !== undefined) position.goToName(name);
    const { line } = position;
    return { line, tools: new Map(tools.map((tool) => [tool.name, position.pass(tool)])) };
  });
  return (entry, tool) => {
    const found = entry === undefined ? undefined : lines[entry];
    return (tool === undefined ? undefined : found?.tools.get(tool)) ?? found?.line ?? 1;
  };
}

/** How far is looked for what comes next. An entry is shorter, and what is written in another way is never found. */
const MAX_AHEAD = 16_384;

/** A position in a text that goes forward. What is not found, because it is written in another way, leaves it where it is. */
class Position {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  goToName(name: string): void {
    const literal = visibleJson(name).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    this.#goTo(this.#ahead().search(new RegExp(`"name"\\s*:\\s*${literal}`)));
  }

  /** Returns the line of the tool's name, and goes to the end of the tool. */
  pass({ name, hash }: { readonly name: string; readonly hash: string }): number {
    this.goToName(name);
    const { line } = this;
    this.#goTo(this.#ahead().indexOf(hash));
    return line;
  }

  #ahead(): string {
    return this.#text.slice(this.#at, this.#at + MAX_AHEAD);
  }

  #goTo(distance: number): void {
    const end = this.#at + distance;
    for (; this.#at < end; this.#at++) if (this.#text[this.#at] === '\n') this.line++;
  }
}
