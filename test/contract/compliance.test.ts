/**
 * The commands of docs/compliance.md, copied from the page into a shell: each shows what the page promises on the trail of a
 * server, an agent and a script, which are set up as the page says, and nothing where that evidence is missing.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode } from '../../examples/demo/child.mjs';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { ROOT } from '../safety/child.js';

const PAGE = readFileSync(join(ROOT, 'docs/compliance.md'), 'utf8');
/** The folder of the page. */
const LOG = '/var/log/mcp';
const [, CONTROLS = ''] = /\n## Controls\n([\s\S]*?)\n## /.exec(PAGE) ?? [];
const [, PREPARED = ''] = /\n## What has to be set up\n([\s\S]*?)\n## /.exec(PAGE) ?? [];
const [SETUP = '', REVIEW = ''] = [...PREPARED.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, commands]) => commands);

interface Row {
  readonly control: string;
  readonly command: string;
}

/** The rows of all tables of controls. */
const ROWS: readonly Row[] = CONTROLS.split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:---|control) /.test(line))
  .map((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const [, command = ''] = /^`(npx mcp-trail [^`]+)`$/.exec(cells.at(-2) ?? '') ?? [];
    return { control: cells[1] ?? '', command };
  });

interface Expected {
  /** Lines of the output, without spaces, times and durations that differ from run to run; in any order. */
  readonly shows: readonly string[];
  /** The folder of a trail that is the same but for the evidence, and the answer of the command. */
  readonly nearMiss: () => string | Promise<string>;
  readonly says: Pick<Ran, 'code'> & { readonly text: RegExp };
  /** The command runs that much later. Near misses run at once. */
  readonly weeksLater?: number;
}

/** What a command shows that looks for records, and which records those are. */
function found(evidence: (record: AuditRecord) => boolean, ...shows: readonly string[]): Expected {
  return {
    shows,
    nearMiss: () => without(evidence),
    says: { code: 1, text: /^mcp-trail: (?:no record|nothing|no server)/ },
  };
}

const event =
  (...names: readonly string[]) =>
  ({ event_name }: AuditRecord) =>
    names.includes(event_name.replace('mcp_audit.', ''));
const onServer = (record: AuditRecord) => record['mcp_audit.side'] === 'server';
const tagged = (tag: string) => (record: AuditRecord) => record['mcp_audit.policy_tags']?.includes(tag) === true;

const INTACT: Expected = {
  shows: ['intact: N records in 3 chains'],
  nearMiss: changed,
  says: { code: 1, text: /^tampered: 1 alteration/m },
};

const EVIDENCE: Readonly<Record<string, Expected>> = {
  'CC6.1 to CC6.3: access is authorised': found(
    event('authorization'),
    'TIME alice tools/get_patient allow clinic staff-reads',
    'TIME alice tools/delete_patient deny clinic doctors-delete',
    'TIME alice tools/raise_limit allow clinic board-confirms',
    'TIME anonymous /mcp deny',
  ),
  'CC7.2: anomalies are monitored': found(
    (record) => record.severity_number >= 13,
    'TIME billing server alice tools/call delete_patient denied deny doctors-delete TOOK',
    'TIME billing server alice tools/call get_rates tool_error TOOK',
    'TIME billing server alice tool.changed modified get_rates description success',
    'TIME billing server anonymous authorization deny /mcp unauthenticated deny',
    'TIME cron client mcp-trail unobserved http.client unknown_implementation initialize failure',
    'TIME ward client ward-agent (self-asserted) tools/call delete_patient tool_error TOOK',
    'TIME ward client ward-agent (self-asserted) tools/call get_rates tool_error TOOK',
    'TIME ward client ward-agent (self-asserted) tool.changed modified get_rates description success',
  ),
  'CC7.3: security events are evaluated': found(
    (record) => record['audit.outcome'] === 'failure',
    'ward-agent response tool_error 2 2 100.0% TOOK TOOK',
    'alice authorization denied 1 1 100.0%',
    'alice response denied 1 1 100.0% TOOK TOOK',
    'alice response tool_error 1 1 100.0% TOOK TOOK',
    'anonymous authorization unauthenticated 1 1 100.0% TOOK TOOK',
    'mcp-trail unobserved - 1 1 100.0%',
    'total 7 7 100.0% TOOK TOOK',
  ),
  'CC8.1: changes are approved': {
    shows: ['0 differences'],
    nearMiss: changedAfterReview,
    says: {
      code: 1,
      text: /^tools\.lock\.json:\d+: the tool get_rates of the server billing is not as locked: description$/m,
    },
  },
  'A.8.15: activities, exceptions and faults are logged': found(
    event('response'),
    'ok 11 0 0.0% TOOK TOOK',
    'tool_error 3 3 100.0% TOOK TOOK',
    'denied 1 1 100.0% TOOK TOOK',
    'total 15 4 26.7% TOOK TOOK',
  ),
  'A.8.15: logs are protected': INTACT,
  'A.8.16: unusual behaviour is noticed': found(
    event('tool.changed', 'config.changed', 'unobserved'),
    'TIME billing server alice config.changed update refund-limit ok',
    'TIME billing server alice tool.changed modified get_rates description success',
    'TIME cron client mcp-trail unobserved http.client unknown_implementation initialize failure',
    'TIME ward client ward-agent (self-asserted) tool.changed modified get_rates description success',
  ),
  'A.6.2.8: an AI system has event logs': found(
    (record) => event('session', 'server.observed')(record) && !onServer(record),
    'TIME ward client ward-agent (self-asserted) server.observed billing 1.0.0 success',
    'TIME ward client ward-agent (self-asserted) server.observed billing 1.0.0 success',
    'TIME ward client ward-agent (self-asserted) session ended ok',
    'TIME ward client ward-agent (self-asserted) session started ok',
  ),
  'Article 12(1): events are recorded automatically': found(
    event('request', 'response'),
    ...['billing ok', 'billing ok', 'billing ok', 'tools/get_patient ok', 'tools/raise_limit ok'].flatMap(bothSides),
    'TIME alice server tools/delete_patient denied',
    'TIME ward-agent client tools/delete_patient tool_error',
    ...bothSides('tools/get_rates tool_error'),
    'TIME bob server billing ok',
  ),
  'Article 12(1): over the lifetime of the system': found(
    event('started', 'stopped', 'unobserved'),
    ...['billing', 'cron', 'ward'].flatMap((service) => [`TIME ${service} started`, `TIME ${service} stopped`]),
    'TIME cron unobserved',
  ),
  'Article 14: people oversee the system': found(
    (record) => record['mcp_audit.approver.id'] !== undefined,
    'TIME alice tools/raise_limit allow carol',
  ),
  'Article 26(6): logs are kept for six months': {
    ...found(event(), 'billing 8 2 25.0% TOOK TOOK', 'ward 7 2 28.6% TOOK TOOK', 'total 15 4 26.7% TOOK TOOK'),
    weeksLater: 28,
  },
  '45 CFR 164.312(b): activity with ePHI is recorded and examined': found(
    tagged('HIPAA'),
    'TIME alice tools/get_patient restricted ok',
    'TIME alice tools/delete_patient restricted denied',
  ),
  '10.2.1.1: individual access': found(
    tagged('PCI-DSS'),
    'TIME alice tools/get_patient ok',
    'TIME alice tools/delete_patient denied',
    'TIME alice tools/get_rates tool_error',
    'TIME alice tools/raise_limit ok',
  ),
  '10.2.1.4: invalid access attempts': found(
    (record) => ['denied', 'unauthenticated'].includes(record['mcp_audit.status'] ?? ''),
    'TIME alice 127.0.0.1 tools/delete_patient denied',
    'TIME anonymous 127.0.0.1 /mcp unauthenticated',
  ),
  '10.2.1.5: changes to credentials and privileges': found(
    event('authentication', 'config.changed'),
    'TIME billing server alice authentication login password ok',
    'TIME billing server alice config.changed update refund-limit ok',
  ),
  '10.2.1.6: start and stop of logging': found(
    event('started', 'stopped'),
    ...['billing', 'cron', 'ward'].flatMap((service) => [`TIME ${service} started`, `TIME ${service} stopped`]),
  ),
  '10.2.2: details of each event': found(
    (record) => event('response')(record) && onServer(record),
    'TIME alice initialize success 127.0.0.1 billing',
    'TIME alice tools/list success 127.0.0.1 billing',
    'TIME alice tools/call success 127.0.0.1 tools/get_patient',
    'TIME alice tools/call failure 127.0.0.1 tools/delete_patient',
    'TIME alice tools/call failure 127.0.0.1 tools/get_rates',
    'TIME alice tools/call success 127.0.0.1 tools/raise_limit',
    'TIME alice tools/list success 127.0.0.1 billing',
    'TIME bob initialize success 127.0.0.1 billing',
  ),
  '10.3: logs are protected from change': INTACT,
  '10.6: time is synchronised': {
    ...INTACT,
    nearMiss: () => newTrail().visit('set_clock_back', 'get_patient'),
    says: { code: 2, text: /the clock went backwards by (?:3599|3600)\.\d s/ },
  },
  'MCP03: tool poisoning': found(
    event('tool.changed'),
    'TIME billing get_rates modified description',
    'TIME billing get_rates modified description',
  ),
  'MCP08: lack of audit and telemetry': found(
    (record) => record['mcp_audit.correlation.id'] === 'visit-4711',
    'time service side what actor status took marks',
    'TOOK ward client tools/call get_patient ward-agent (self-asserted) ok TOOK restricted sensitive',
    'TOOK billing server └─ tools/call get_patient alice ok TOOK allow restricted sensitive',
    '2 operations, 0 failed, 0 denied, 0 without response',
  ),
  'MCP09: shadow MCP servers': found(
    (record) => record['mcp_audit.server.id'] !== undefined,
    'billing TIME bob',
    'billing ADDRESS TIME approved dora ward-agent',
  ),
};

/** An operation that the agent and the server see in the same way. */
function bothSides(seen: string): string[] {
  return [`TIME alice server ${seen}`, `TIME ward-agent client ${seen}`];
}

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-compliance-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of the page in a shell, in the folder of a trail. */
function shell(command: string, cwd: string, weeksLater = 0): Ran {
  const later = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${weeksLater * 7 * 86_400_000}`;
  const node = [
    process.execPath,
    ...(weeksLater > 0 ? ['--import', encodeURI(later)] : []),
    join(ROOT, 'dist/cjs/cli.js'),
  ];
  const npx = `npx() { shift; ${node.map((part) => `'${part}'`).join(' ')} "$@"; }`;
  const script = `${npx}\n${command.replaceAll(LOG, join(cwd, 'log'))}`;
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd, encoding: 'utf8', env: { PATH } });
  return { code: status, out: stdout, err: stderr };
}

let folders = 0;

function newFolder(): string {
  folders += 1;
  const cwd = join(folder, `${folders}`);
  mkdirSync(join(cwd, 'log'), { recursive: true });
  return cwd;
}

/** A folder that is set up as the page says, and the processes in it. */
function newTrail() {
  const cwd = newFolder();
  cpSync(join(ROOT, 'examples/policy/policy.json'), join(cwd, 'policy.json'));
  // Instead of starting the server, the settings are printed.
  const settings = shell(SETUP.replace(/^.* node --import .*$/m, 'env'), cwd);
  expect(settings).toMatchObject({ code: 0, err: '' });
  const exported = [...settings.out.matchAll(/^(MCP_TRAIL_\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]);
  expect(exported.length).toBeGreaterThanOrEqual(6);
  const env = { PATH: process.env['PATH'], MCP_TRAIL_SDK: 'off', ...Object.fromEntries(exported) };
  return { cwd, visit: (...tools: readonly string[]) => visit(cwd, env, tools) };
}

/** A server, an agent that calls these tools, and a script. */
async function visit(cwd: string, env: NodeJS.ProcessEnv, tools: readonly string[]): Promise<string> {
  const program = (service: string, ...args: readonly string[]) =>
    startNode(service, ['--import', REGISTER, ...args], { ...env, OTEL_SERVICE_NAME: service }, cwd);
  const server = program('billing', join(FIXTURES, 'clinic-server.mjs'));
  try {
    const url = (await server.firstLine()) ?? '';
    const agent = program('ward', join(FIXTURES, 'clinic-agent.mjs'), url, ...tools);
    expect({ ...(await agent.closed), ...agent.output }).toMatchObject({ code: 0, stderr: '' });
    const script = program('cron', join(FIXTURES, 'clinic-stranger.mjs'), url);
    expect({ ...(await script.closed), ...script.output }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^mcp-trail: MCP sent by this process over HTTP is not observed: .*\n$/),
    });
  } finally {
    await server.stop();
  }
  expect(server.output.stderr).toBe('');
  return cwd;
}

const FIXTURES = join(ROOT, 'test/fixtures');
const REGISTER = join(ROOT, 'dist/esm/register.js');

let clinic: string;
beforeAll(async () => {
  clinic = await newTrail().visit('get_patient', 'delete_patient', 'get_rates', 'raise_limit');
  review(clinic);
});

function review(cwd: string): void {
  expect(shell(REVIEW, cwd)).toMatchObject({ code: 0, err: '' });
}

/** A folder in which a tool has changed after the review. */
async function changedAfterReview(): Promise<string> {
  const { cwd, visit } = newTrail();
  await visit('get_patient');
  review(cwd);
  return visit('raise_limit');
}

/** The trail of the clinic without some of its records. */
function without(evidence: (record: AuditRecord) => boolean): string {
  const cwd = newFolder();
  for (const file of readdirSync(join(clinic, 'log'))) {
    const lines = readFileSync(join(clinic, 'log', file), 'utf8').split('\n');
    const kept = lines.filter((line) => line === '' || !evidence(JSON.parse(line)));
    writeFileSync(join(cwd, 'log', file), kept.join('\n'));
  }
  return cwd;
}

/** The trail of the clinic, with one byte of one record changed. */
function changed(): string {
  const cwd = newFolder();
  cpSync(clinic, cwd, { recursive: true });
  const file = join(cwd, 'log/billing.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('doctors-delete', 'doctors-delet3'));
  return cwd;
}

/** The lines of an output, without the head of a table, and without what differs from run to run. */
function lines(out: string): string[] {
  const [head = '', ...rest] = out.trimEnd().split('\n');
  return (rest.length === 0 ? [head] : rest)
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\.\d{3})?/g, 'TIME')
        .replace(/\+?\b\d+(?:\.\d+)?m?s\b/g, 'TOOK')
        .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
        // A slow run has more checkpoints.
        .replace(/^intact: \d+/, 'intact: N')
        .replace(/ +/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}

it('each control on the page has one command, and each is tested', () => {
  expect(ROWS.filter(({ command }) => command === '')).toEqual([]);
  expect(ROWS.map(({ control }) => control)).toEqual(Object.keys(EVIDENCE));
});

describe.each(ROWS)('the command for $control', ({ control, command }) => {
  const { shows, nearMiss, says, weeksLater } = EVIDENCE[control] ?? expect.fail(`no test for ${control}`);

  it('shows the evidence', () => {
    const { code, out, err } = shell(command, clinic, weeksLater);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(lines(out).sort()).toEqual([...shows].sort());
  });

  it('says so where the evidence is missing', async () => {
    const { code, out, err } = shell(command, await nearMiss());
    expect(code).toBe(says.code);
    expect(out + err).toMatch(says.text);
    if (code === 1 && err !== '') expect(out).toBe('');
  });
});
