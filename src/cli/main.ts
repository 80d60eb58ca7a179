#!/usr/bin/env node
/** The command `mcp-trail`: finds the subcommand and passes it the process. Each subcommand is a file in this folder. */
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { type Command, EXIT, type World } from './command.js';
import { visible } from './text.js';
import { timeline } from './timeline.js';

const COMMANDS: Readonly<Record<string, Command>> = { timeline };

const USAGE = `Usage: ${PACKAGE_NAME} <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

${PACKAGE_NAME} <command> --help tells more. ${PACKAGE_NAME} --version tells the version.
`;

/** Answers without a subcommand. */
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
  const wrong = name === '' ? 'a command is missing' : `there is no command ${visible(name)}`;
  world.complain(`${wrong}\n\n${USAGE.trimEnd()}`);
  return EXIT.USAGE;
}

/** A reader such as `head` closes the pipe early: that is not a failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

const complain = (text: string) => process.stderr.write(`${PACKAGE_NAME}: ${text}\n`);
process.stdout.on('error', endWithReader);
process.stderr.on('error', endWithReader);

const world: World = {
  // Touching standard input opens it.
  get input() {
    return process.stdin;
  },
  out: {
    write: (text) => process.stdout.write(text),
    terminal: process.stdout.isTTY === true,
    columns: process.stdout.columns,
  },
  complain,
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
