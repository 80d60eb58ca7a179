/** `mcp-trail wrap`: reads its arguments. What it does is in `wrap/`. */
import type { WrapRequest } from '../wrap/request.js';
import { run } from '../wrap/run.js';
import { commandOf, LIMIT_MAX_LINE_MIB, maxLineBytesOf, Problem } from './arguments.js';

const DEFAULT_MAX_LINE_MIB = 8;

const USAGE = `Usage: mcp-trail wrap [options] -- <command> [arguments]

Runs a command, an MCP server in any language that speaks over stdio, and observes what passes between its host and
itself: spans and metrics by the usual OTEL_* variables, audit records by MCP_TRAIL_AUDIT. Put it in front of the
command in the host's configuration. Spans need @opentelemetry/sdk-node beside mcp-trail.

  --service-name <name>  what spans and records call the server; default: OTEL_SERVICE_NAME, else what it calls itself
  --os-user              the user of this process is the actor, unless MCP_TRAIL_USER names another
  --max-line <MiB>       longer lines pass unobserved, 1 to ${LIMIT_MAX_LINE_MIB}; default: ${DEFAULT_MAX_LINE_MIB}
  --help                 this text

Exit code: that of the command, or its signal; 127 not found, 126 not executable, 3 wrong usage.
`;

/** What asks that a message is refused or held up, which a process that passes bytes on does not do: better no server than one that only seems to be guarded. */
const WHAT_PASSES: Readonly<Record<string, RegExp>> = {
  MCP_TRAIL_AUDIT_FILE_SYNC: /^os$/i,
  MCP_TRAIL_AUDIT_ON_FAILURE: /^allow$/i,
  MCP_TRAIL_AUDIT_TOOL_LOCK_ENFORCE: /^(?:false|off|0)$/i,
};

export const wrap = commandOf<WrapRequest>({
  summary: 'runs an MCP server in any language, and observes it',
  usage: USAGE,
  hint: 'Run mcp-trail wrap --help for details.',
  read: wrapRequestOf,
  answer: async (request) => {
    await run(request);
    return 0;
  },
});

/** Undefined for help. Options end at the command: its own are not ours. */
export function wrapRequestOf(args: readonly string[]): WrapRequest | undefined {
  let serviceName: string | undefined;
  let maxLine: string | undefined;
  let osUser = false;
  const rest = [...args];
  while (rest[0]?.startsWith('-')) {
    const [name = '', ...given] = (rest.shift() as string).split(/=(.*)/s);
    const value = (): string => {
      const text = given[0] ?? rest.shift();
      if (text === undefined || text === '') throw new Problem(`${name} needs a value`);
      return text;
    };
    if (name === '--') break;
    if (name === '--help' || name === '-h') return undefined;
    if (name === '--os-user') osUser = true;
    else if (name === '--service-name') serviceName = value();
    else if (name === '--max-line') maxLine = value();
    else
      throw new Problem(
        `wrap has no option ${JSON.stringify(name.slice(0, 80))}: those of the command follow it, after --`,
      );
  }
  for (const [name, allowed] of Object.entries(WHAT_PASSES)) {
    const value = process.env[name]?.trim() ?? '';
    if (value !== '' && !allowed.test(value))
      throw new Problem(`wrap neither refuses nor holds up messages so far: unset ${name}`);
  }
  const [command, ...commandArgs] = rest;
  if (command === undefined || command === '') throw new Problem('wrap needs the command to run, after --');
  return {
    command,
    args: commandArgs,
    serviceName,
    osUser,
    maxLineBytes: maxLineBytesOf(maxLine, DEFAULT_MAX_LINE_MIB),
  };
}
