/** The input and output of a subcommand. In `cli/`, only `main.ts` knows the process. */

/** Exit codes of all subcommands. */
export const EXIT = {
  /** Found, or in order. */
  OK: 0,
  /** Not found. */
  NOTHING_FOUND: 1,
  /** Invalid arguments, or unreadable input. */
  USAGE: 3,
  /** A defect of the command itself. */
  FAILED: 70,
} as const;

/** An output of the command. */
export interface Output {
  readonly write: (text: string) => unknown;
  /** Resolves when a reader that is slow has taken so much that more can be written; undefined where writing waits by itself. */
  readonly drained?: () => Promise<void>;
  /** Whether it is a terminal: then output can have colours. */
  readonly terminal: boolean;
  /** Width in characters; undefined without one, as for a pipe. */
  readonly columns: number | undefined;
}

/** The environment of a subcommand. */
export interface World {
  readonly input: AsyncIterable<Uint8Array>;
  readonly out: Output;
  /** Prints a diagnostic line for the person who started the command. */
  readonly complain: (text: string) => unknown;
  /** Replaces the line that says how far the command is; undefined where nobody watches. An empty text removes the line. */
  readonly progress?: ((text: string) => unknown) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Command {
  /** The line in the list of commands. */
  readonly summary: string;
  /** Resolves to the exit code. */
  readonly run: (args: readonly string[], world: World) => Promise<number>;
}
