/** `mcp-trail doctor`: what a person would check, in the order in which it fails. */
import { runLater } from '../lib/timers.js';
import { unknownVariables } from '../options/unknown-variables.js';
import { auditTrail, settingsIn, values } from './audit.js';
import { type Finding, type Findings, fail, ok, type Patient, warn } from './finding.js';
import { otelFor, propagators, sdk, settings } from './otel.js';
import { runServer } from './run-server.js';
import { hidingSecretsOf } from './secrets.js';
import { type Sent, sendTests } from './send.js';
import { command, ending, lines, output, sdks, serverProcess, trace } from './server.js';
import { switches } from './switches.js';
import { copies, node } from './versions.js';

export interface DiagnoseRequest {
  /** The command with its arguments; undefined without one. */
  readonly command: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** A clock that differs by more makes spans of one trace come in a wrong order. */
const MAX_SKEW_MS = 5000;
/** For the output. */
const LEFT_MS = 2000;
/** The header has whole seconds. */
const HEADER_MS = 1000;

/** Examines everything, and tells each finding as it comes. Never takes much longer than a few times the timeout. */
export async function diagnose(
  { command: given, timeoutMs }: DiagnoseRequest,
  tell: (finding: Finding) => void,
): Promise<void> {
  const env = { ...process.env };
  const hide = hidingSecretsOf(env);
  const [name, ...args] = given ?? [];
  const server = name === undefined ? undefined : await runServer(name, args, timeoutMs);
  const { entry, cwd = process.cwd() } = serverProcess(server) ?? {};
  const patient: Patient = { env, timeoutMs, server, otel: otelFor(env, entry, cwd) };
  const own = settingsIn(env);
  const said: Finding[] = [];
  const report = (check: string, findings: Findings) => {
    for (const finding of findings) {
      said.push({ check, ...finding });
      const { details } = finding;
      tell({ check, ...finding, text: hide(finding.text), ...(details && { details: details.map(hide) }) });
    }
  };

  report('node', node(patient));
  report('package', copies(patient));
  report('switch', switches(patient));
  report('command', command(patient));
  report('sdk', sdks(patient));
  report('otel', sdk(patient));
  report('setting', [...settings(patient), ...values(own)]);
  report('variable', variables(env));
  report('audit', auditTrail(own, env));
  report('stderr', lines(patient, said));
  const sent = await sendTests(
    patient,
    own.audit?.delivery.includes('otel') ? ['traces', 'metrics', 'logs'] : ['traces', 'metrics'],
  );
  for (const signal of ['traces', 'metrics', 'logs'] as const) report(signal, sent[signal]);
  report('propagators', propagators(patient));
  report('clock', clock(sent));
  report('output', output(patient));
  report('end', ending(patient));
  report('trace', trace(patient));
  // A name that is still being looked up, or a request without an answer, keeps nobody waiting.
  runLater(LEFT_MS, () => process.exit());
}

function variables(env: Patient['env']): Findings {
  const unknown = unknownVariables(env);
  return unknown.length === 0 ? [ok('no unknown MCP_TRAIL_* variable')] : unknown.map(fail);
}

function clock({ skews }: Sent): Findings {
  if (skews.length === 0) return [ok('no endpoint has told its time')];
  const most = skews.reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far));
  if (Math.abs(most) <= MAX_SKEW_MS + HEADER_MS) return [ok('the same as at the endpoints')];
  const way = most > 0 ? 'behind' : 'ahead of';
  return [
    warn(
      `this clock is ${Math.round(Math.abs(most) / 1000)} s ${way} that of an endpoint: spans come in a wrong order. Synchronise it (NTP)`,
    ),
  ];
}
