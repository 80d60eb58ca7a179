/** What a subcommand is given and what it gives back: nothing in `cli/` but `main.ts` knows the process. */

/** Exit codes of all subcommands. */
export const EXIT = {
  /** What was asked for was found, or is in order. */
  OK: 0,
  /** What was asked for was not found. */
  NOTHING_FOUND: 1,
  /** Wrong arguments, or an input that cannot be read. */
  USAGE: 3,
  /** A defect of the command itself. */
  FAILED: 70,
} as const;

/** Where the command writes for a reader. */
export interface Output {
  readonly write: (text: string) => unknown;
  /** Whether a person looks at it: then there may be colours. */
  readonly terminal: boolean;
  /** Width in characters; nothing where it has none, as in a pipe. */
  readonly columns: number | undefined;
}

/** The world of a subcommand. */
export interface World {
  readonly input: AsyncIterable<Uint8Array>;
  readonly out: Output;
  /** Diagnostics: one line each, for the person who started the command. */
  readonly complain: (text: string) => unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Command {
  /** One line of the list of commands. */
  readonly summary: string;
  /** Resolves to the exit code. */
  readonly run: (args: readonly string[], world: World) => Promise<number>;
}
