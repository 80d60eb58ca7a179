/** `mcp-trail doctor`: reads its arguments and prints what is found. What it examines is in `doctor/`. */
import { type DiagnoseRequest, diagnose } from '../doctor/diagnose.js';
import type { Finding } from '../doctor/finding.js';
import { commandOf, Problem } from './arguments.js';
import { EXIT, type World } from './command.js';
import { mayColour, painter, visible, visibleJson } from './text.js';

const DEFAULT_TIMEOUT_S = 10;
const MAX_TIMEOUT_S = 300;
/** Of the JSON document: raised if a field is renamed or removed. */
const FORMAT = 1;

const USAGE = `Usage: mcp-trail doctor [options] [-- <command> [arguments]]

Checks why spans, metrics or audit records do not arrive, in the order in which that fails: versions, switches, the
OpenTelemetry SDK, variables, files of the audit trail, and each endpoint, to which it sends a test. With a command, an
MCP server over stdio, it also starts that as a host would, lists its tools, ends it, and shows the trace: what the
command sends goes to doctor, not to your endpoints, and what it audits to a temporary file. Run it with the variables
that the server gets.

  --json             one JSON document
  --timeout <s>      how long to wait for the command and for each endpoint, 1 to ${MAX_TIMEOUT_S}; default: ${DEFAULT_TIMEOUT_S}
  --help             this text

Exit code: 0 all well, 1 something will not arrive, 3 wrong usage.
`;

interface DoctorRequest extends DiagnoseRequest {
  readonly json: boolean;
}

export const doctor = commandOf<DoctorRequest>({
  summary: 'checks why telemetry does not arrive',
  usage: USAGE,
  hint: 'Run mcp-trail doctor --help for details.',
  read: doctorRequestOf,
  answer: (request, world) => examine(request, world),
});

/** Undefined for help. Options end at the command: its own are not ours. */
export function doctorRequestOf(args: readonly string[]): DoctorRequest | undefined {
  const at = args.indexOf('--');
  const [own, command] = at < 0 ? [[...args], undefined] : [args.slice(0, at), args.slice(at + 1)];
  let json = false;
  let seconds: string | undefined;
  while (own.length > 0) {
    const [name = '', given] = (own.shift() as string).split(/=(.*)/s);
    if (name === '--help' || name === '-h') return undefined;
    if (name === '--json') json = true;
    else if (name === '--timeout') seconds = given ?? own.shift() ?? '';
    else if (name.startsWith('-'))
      throw new Problem(
        `doctor has no option ${JSON.stringify(visible(name, 80))}: those of the command follow it, after --`,
      );
    else throw new Problem('the command of doctor follows --: mcp-trail doctor -- node server.js');
  }
  if (command !== undefined && (command[0] ?? '') === '') throw new Problem('the command after -- is missing');
  return { command, json, timeoutMs: timeoutOf(seconds) };
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_S * 1000;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_TIMEOUT_S) throw new Problem(`--timeout takes 1 to ${MAX_TIMEOUT_S} (seconds)`);
  return seconds * 1000;
}

const CHECK_WIDTH = 12;
const COLOURS = { ok: 'dim', warn: 'yellow', fail: 'red' } as const;

async function examine({ json, ...request }: DoctorRequest, { out, env }: World): Promise<number> {
  const paint = painter(!json && out.terminal && mayColour(env));
  const checks: Finding[] = [];
  await diagnose(request, (finding) => {
    checks.push(finding);
    if (json) return;
    const { check, status, text, details = [] } = finding;
    out.write(`${paint[COLOURS[status]](status.padEnd(5))} ${check.padEnd(CHECK_WIDTH)} ${visible(text, 2000)}\n`);
    for (const detail of details) out.write(`${' '.repeat(CHECK_WIDTH + 7)}${visible(detail)}\n`);
  });
  const hasFailed = checks.some(({ status }) => status === 'fail');
  if (json) out.write(`${visibleJson({ format: FORMAT, ok: !hasFailed, checks })}\n`);
  return hasFailed ? EXIT.NOTHING_FOUND : EXIT.OK;
}
