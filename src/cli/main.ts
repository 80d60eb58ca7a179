/** The command `mcp-trail`: finds the subcommand and passes it the process. Each subcommand is a file in this folder. */
import { once } from 'node:events';
import { codeOf } from '../lib/files.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { annotate } from './annotate.js';
import { type Command, EXIT, type World } from './command.js';
import { doctor } from './doctor.js';
import { erase } from './erase.js';
import { inventory } from './inventory.js';
import { keygen } from './keygen.js';
import { query } from './query.js';
import { retain } from './retain.js';
import { visible } from './text.js';
import { timeline } from './timeline.js';
import { verify } from './verify.js';
import { wrap } from './wrap.js';

const COMMANDS: Readonly<Record<string, Command>> = {
  wrap,
  doctor,
  query,
  timeline,
  inventory,
  annotate,
  erase,
  verify,
  retain,
  keygen,
};

const USAGE = `Usage: ${PACKAGE_NAME} <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

Run ${PACKAGE_NAME} <command> --help for details, or ${PACKAGE_NAME} --version for the version.
`;

/** What is printed without a subcommand. */
const ANSWERS: Readonly<Record<string, string>> = {
  '--help': USAGE,
  '-h': USAGE,
  help: USAGE,
  '--version': `${PACKAGE_VERSION}\n`,
};

async function run([name = '', ...args]: readonly string[], world: World): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return command.run(args, world);
  const answer = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined;
  if (answer !== undefined) {
    world.out.write(answer);
    return EXIT.OK;
  }
  const wrong = name === '' ? 'missing command' : `unknown command ${visible(name)}`;
  world.complain(`${wrong}\n\n${USAGE.trimEnd()}`);
  return EXIT.USAGE;
}

/** A reader such as `head` closes the pipe early: that is not a failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  // An error that nobody catches would end with 1, which means that nothing was found.
  process.exit(EXIT.USAGE);
}

/** Runs the command that the arguments of the process name. */
export function main(): void {
  const complain = (text: string) => process.stderr.write(`${PACKAGE_NAME}: ${text}\n`);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') complain(`cannot write the output: ${codeOf(error) ?? 'unknown error'}`);
    endWithReader(error);
  });
  process.stderr.on('error', endWithReader);

  const world: World = {
    // Touching standard input opens it.
    get input() {
      return process.stdin;
    },
    out: {
      write: (text) => process.stdout.write(text),
      drained: async () => {
        if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
      },
      terminal: process.stdout.isTTY === true,
      columns: process.stdout.columns,
    },
    complain,
    progress: process.stderr.isTTY ? (text) => process.stderr.write(`\r\u001b[K${text}`) : undefined,
    env: process.env,
  };

  run(process.argv.slice(2), world).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      complain(`failed: ${visible(String(error))}`);
      process.exitCode = EXIT.FAILED;
    },
  );
}
