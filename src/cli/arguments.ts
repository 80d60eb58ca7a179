/** What all subcommands have in common: reading their arguments, help, and problems that the person who started them can solve. */
import { mayBeShown } from '../lib/files.js';
import { nearestOf } from '../lib/nearest.js';
import { type Command, EXIT, type World } from './command.js';
import { visible } from './text.js';

/** Its message is for the person who started the command. */
export class Problem extends Error {}

interface Parts<R> {
  readonly summary: string;
  readonly usage: string;
  /** Follows a problem with the arguments; default: the usage. */
  readonly hint?: string;
  /**
   * The request; undefined for help.
   *
   * @throws a {@link Problem}, or an error of `parseArgs`
   */
  readonly read: (args: readonly string[], env: World['env']) => R | undefined;
  /** Resolves to the exit code. */
  readonly answer: (request: R, world: World) => number | Promise<number>;
}

export function commandOf<R>({ summary, usage, hint = usage.trimEnd(), read, answer }: Parts<R>): Command {
  return {
    summary,
    run: async (args, world) => {
      let request: R | undefined;
      try {
        request = read(args, world.env);
      } catch (error) {
        world.complain(`${problemIn(error, usage)}\n\n${hint}`);
        return EXIT.USAGE;
      }
      if (request === undefined) {
        world.out.write(usage);
        return EXIT.OK;
      }
      try {
        return await answer(request, world);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        world.complain(error.message);
        return EXIT.USAGE;
      }
    },
  };
}

function problemIn(error: unknown, usage: string): string {
  if (error instanceof Problem) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (!code?.startsWith('ERR_PARSE_ARGS')) throw error;
  const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(--[^']*)'/.exec(message)?.[1] : undefined;
  if (unknown === undefined) return visible(message);
  const nearest = nearestOf(unknown.slice(0, 100), new Set(usage.match(OPTION)), 2);
  return `unknown option ${visible(unknown, 80)}${nearest === undefined ? '' : `. Did you mean ${nearest}?`}`;
}

const OPTION = /--[a-z][a-z-]*/g;

export const MIB = 1024 * 1024;
/** The most that `--max-line` takes. */
export const LIMIT_MAX_LINE_MIB = 256;

/** The value of `--max-line`, in bytes. */
export function maxLineBytesOf(text: string | undefined, defaultMib: number): number {
  if (text === undefined) return defaultMib * MIB;
  const mib = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (mib < 1 || mib > LIMIT_MAX_LINE_MIB) throw new Problem(`--max-line takes 1 to ${LIMIT_MAX_LINE_MIB} (MiB)`);
  return mib * MIB;
}

/** @param paths files, folders, or `-` */
export function checkPaths(paths: readonly string[]): void {
  if (paths.includes('')) throw new Problem('the name of a file is empty');
  if (paths.filter((path) => path === '-').length > 1) throw new Problem('standard input can be read only once');
}

/** The option of all commands that read archives. */
export const IDENTITY_OPTION = { identity: { type: 'string', multiple: true } } as const;

/** Its line in a usage, after the name. */
export const IDENTITY_SAYS = 'age identities that open encrypted archives. May be repeated';

/** The paths that `--identity` names. */
export function identitiesOf(paths: readonly string[] = []): readonly string[] {
  for (const path of paths) {
    if (path === '') throw new Problem('the name of a file is empty');
    if (path === '-') throw new Problem('--identity takes the path of a file, and not standard input');
    if (/SECRET-KEY/i.test(path) && !mayBeShown(path)) {
      throw new Problem(
        '--identity takes the path of a file of identities, and not an identity: a command line is no place for it',
      );
    }
  }
  return paths;
}
