import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programs } from '../../collector-config/stack/programs.mjs';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { hex, type LogInput, logsRequest, post } from './support/otlp.js';
import { CONFIG, everySecond, type Group, readGroups, writeGroups } from './support/rules.js';
import { scratch } from './support/scratch.js';
import { startLoki } from './support/start-loki.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const TENANT = { 'x-scope-orgid': 'mcp-audit' };
const RULES = join(CONFIG, 'loki/rules/mcp-audit');

/** Makes ids unique per run, in case Loki still has older ones. */
const RUN = hex(4);

let place: Awaited<ReturnType<typeof scratch>>;
let loki: Awaited<ReturnType<typeof startLoki>>;
let groups: Group[];

interface RecordInput {
  readonly actor: string;
  readonly agoMs?: number;
  readonly event?: string;
  readonly fields?: Record<string, unknown>;
}

let count = 0;
/** Reference time of ages; shifted when records are sent, because Loki can take long to start. */
const written = Date.now();

/** The response record of a tool call as the Collector sends it to Loki, with the event name as an attribute. */
function record({ actor, agoMs = 2 * SECOND, event = 'mcp_audit.response', fields = {} }: RecordInput): LogInput {
  count += 1;
  const attributes = {
    event_name: event,
    'audit.record.id': `${RUN}-${count}`,
    'audit.actor.id': `${actor}-${RUN}`,
    'audit.outcome': 'success',
    'mcp_audit.side': 'server',
    'mcp_audit.client.name': 'agent',
    'mcp_audit.correlation.id': `${RUN}-c${count}`,
    'mcp_audit.duration_ms': 20,
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'forecast',
    'mcp_audit.tool.argument.unknown_count': 0,
    ...fields,
  };
  return { eventName: event, body: JSON.stringify(attributes), attributes, timeMs: written - agoMs };
}

const many = (n: number, input: RecordInput | ((index: number) => RecordInput)) =>
  Array.from({ length: n }, (_, index) => record(typeof input === 'function' ? input(index) : input));

/** Calls of one session in the order of letters: l for list_files, r for a sensitive read_file, s for send_http_request. */
function calls(actor: string, word: string, fields: Record<string, unknown> = { 'mcp.session.id': `${RUN}-${actor}` }) {
  const tools: Record<string, Record<string, unknown>> = {
    l: { 'gen_ai.tool.name': 'list_files' },
    r: { 'gen_ai.tool.name': 'read_file', 'mcp_audit.data.sensitivity': 'restricted' },
    p: { 'gen_ai.tool.name': 'read_file', 'mcp_audit.data.sensitivity': 'public' },
    s: { 'gen_ai.tool.name': 'send_http_request' },
  };
  return [...word].map((letter, index) =>
    record({ actor, agoMs: (word.length - index) * SECOND, fields: { ...tools[letter], ...fields } }),
  );
}

const failed = { 'audit.outcome': 'failure', 'error.type': 'tool_error', 'mcp_audit.status': 'tool_error' };
const refused = { 'audit.outcome': 'failure', 'mcp_audit.status': 'unauthenticated', 'client.address': '192.0.2.7' };
const refusal = (fields = {}, event = 'mcp_audit.authorization') => ({ event, fields: { ...refused, ...fields } });
const slow = (tool: string, ms: number, fields = {}) => ({
  'gen_ai.tool.name': `${tool}-${RUN}`,
  'mcp_audit.duration_ms': ms,
  ...fields,
});
const past = (actor: string, tool: string, ms: number) =>
  many(20, (index) => ({ actor, agoMs: (15 + index) * MINUTE, fields: slow(tool, ms) }));

/** Records to send, by rule: it must name the callers of `fires` and none of `quiet`. */
const SCENARIOS: Record<string, { fires: Record<string, LogInput[]>; quiet: Record<string, LogInput[]> }> = {
  McpCallBurst: {
    fires: { 'burst-101': many(101, (index) => ({ actor: 'burst-101', agoMs: index * 10 })) },
    quiet: {
      'burst-100': many(100, { actor: 'burst-100' }),
      'burst-slow': many(120, (index) => ({ actor: 'burst-slow', agoMs: 30 * SECOND + index * SECOND })),
      'burst-client': many(150, { actor: 'burst-client', fields: { 'mcp_audit.side': 'client' } }),
      'burst-list': many(150, { actor: 'burst-list', fields: { 'mcp.method.name': 'tools/list' } }),
      'burst-request': many(150, { actor: 'burst-request', event: 'mcp_audit.request' }),
      'burst-two': many(140, (index) => ({
        actor: 'burst-two',
        fields: { 'mcp_audit.client.name': index % 2 ? 'one' : 'two' },
      })),
    },
  },
  McpUnknownArguments: {
    fires: { unknown: [record({ actor: 'unknown', fields: { 'mcp_audit.tool.argument.unknown_count': 1 } })] },
    quiet: {
      'unknown-none': [record({ actor: 'unknown-none' })],
      'unknown-old': [
        record({ actor: 'unknown-old', agoMs: 6 * MINUTE, fields: { 'mcp_audit.tool.argument.unknown_count': 3 } }),
      ],
    },
  },
  McpCallSlow: {
    fires: {
      slow: [...past('slow', 'quick', 120), record({ actor: 'slow', fields: slow('quick', 10_001) })],
    },
    quiet: {
      'slow-ten': [record({ actor: 'slow-ten', fields: slow('quick', 10_000) })],
      'slow-always': [
        ...past('slow-always', 'report', 4_000),
        record({ actor: 'slow-always', fields: slow('report', 30_000) }),
      ],
      'slow-new': [record({ actor: 'slow-new', fields: slow('new', 30_000) })],
    },
  },
  McpSensitiveToolCall: {
    fires: {
      'data-restricted': [record({ actor: 'data-restricted', fields: { 'mcp_audit.data.sensitivity': 'restricted' } })],
      'data-highly': [record({ actor: 'data-highly', fields: { 'mcp_audit.data.sensitivity': 'highly_restricted' } })],
      'data-marked': [record({ actor: 'data-marked', fields: { 'mcp_audit.sensitive': true } })],
    },
    quiet: {
      'data-confidential': [
        record({ actor: 'data-confidential', fields: { 'mcp_audit.data.sensitivity': 'confidential' } }),
      ],
      'data-unmarked': [record({ actor: 'data-unmarked', fields: { 'mcp_audit.sensitive': false } })],
      'data-resource': [
        record({
          actor: 'data-resource',
          fields: { 'mcp.method.name': 'resources/read', 'mcp_audit.data.sensitivity': 'public' },
        }),
      ],
    },
  },
  McpExfiltrationSequence: {
    fires: {
      'seq-lrs': calls('seq-lrs', 'lrs'),
      'seq-rlrs': calls('seq-rlrs', 'rlrs'),
      'seq-rlrsr': calls('seq-rlrsr', 'rlrsr'),
      'seq-slrsl': calls('seq-slrsl', 'slrsl'),
      'seq-none': calls('seq-none', 'lrs', { 'mcp_audit.correlation.id': `${RUN}-same` }),
    },
    quiet: {
      'seq-rls': calls('seq-rls', 'rls'),
      'seq-lsr': calls('seq-lsr', 'lsr'),
      'seq-srl': calls('seq-srl', 'srl'),
      'seq-slr': calls('seq-slr', 'slr'),
      'seq-lr': calls('seq-lr', 'lr'),
      'seq-rs': calls('seq-rs', 'rs'),
      'seq-ls': calls('seq-ls', 'ls'),
      'seq-lps': calls('seq-lps', 'lps'),
      'seq-sessions': [...calls('seq-sessions', 'lr'), ...calls('seq-sessions', 's', { 'mcp.session.id': 'another' })],
      'seq-apart': calls('seq-apart', 'lrs', {}),
      'seq-client': calls('seq-client', 'lrs', { 'mcp.session.id': 'client', 'mcp_audit.side': 'client' }),
    },
  },
  McpRepeatedFailures: {
    fires: {
      'failing-11': many(11, { actor: 'failing-11', fields: failed }),
      'failing-mixed': many(12, (index) => ({
        actor: 'failing-mixed',
        agoMs: index * 20 * SECOND,
        fields: { ...failed, 'error.type': index % 2 ? 'timeout' : '-32603' },
      })),
    },
    quiet: {
      'failing-10': many(10, { actor: 'failing-10', fields: failed }),
      'failing-not': many(30, { actor: 'failing-not' }),
      'failing-old': many(11, (index) => ({
        actor: 'failing-old',
        agoMs: index * 40 * SECOND,
        fields: failed,
      })),
    },
  },
  McpAuthenticationFailures: {
    fires: {
      'auth-5': many(5, { actor: 'auth-5', ...refusal() }),
      'auth-mixed': [
        ...many(3, { actor: 'auth-mixed', ...refusal() }),
        ...many(2, { actor: 'auth-mixed', ...refusal({}, 'mcp_audit.authentication') }),
      ],
      'auth-stdio': many(5, { actor: 'auth-stdio', ...refusal({ 'client.address': '' }) }),
    },
    quiet: {
      'auth-4': many(4, { actor: 'auth-4', ...refusal() }),
      'auth-fast': many(9, { actor: 'auth-fast', ...refusal({ 'mcp_audit.status': 'rate_limited' }) }),
      'auth-good': many(9, {
        actor: 'auth-good',
        ...refusal({ 'audit.outcome': 'success', 'mcp_audit.status': 'ok' }),
      }),
      'auth-spread': many(6, (index) => ({
        actor: 'auth-spread',
        ...refusal({ 'client.address': `192.0.2.${index}` }),
      })),
      'auth-call': many(6, { actor: 'auth-call', fields: refused }),
    },
  },
};

/** Alerts as they fired: some end within a minute. */
const seen: any[] = [];

const alertsNow = async () => (await getJson(`${loki.url}/prometheus/api/v1/alerts`, TENANT)).data.alerts;

/** Callers in a rule's alerts, without the suffix of this run. */
const named = (alerts: any[], alert: string, own: readonly string[]) =>
  [
    ...new Set(
      alerts
        .filter(({ labels, state }) => labels.alertname === alert && state === 'firing')
        .map(({ labels }) => String(labels.audit_actor_id).replace(`-${RUN}`, ''))
        .filter((actor) => own.includes(actor)),
    ),
  ].sort();

beforeAll(async () => {
  place = await scratch();
  groups = await readGroups('loki/rules/mcp-audit');
  const rules = join(place.folder, 'rules');
  await writeGroups(join(rules, 'mcp-audit'), everySecond(groups));
  loki = await startLoki({ folder: join(place.folder, 'loki'), rules });

  const all: LogInput[] = Object.values(SCENARIOS).flatMap(({ fires, quiet }) =>
    [fires, quiet].flatMap((callers) => Object.values(callers).flat()),
  );
  const late = Date.now() - written;
  const sent = all.map((input) => ({ ...input, timeMs: Number(input.timeMs) + late }));
  const { status, text } = await post(loki.url, '/otlp/v1/logs', logsRequest(sent), TENANT);
  expect(status, text).toBe(204);
});
afterAll(async () => {
  await loki?.stop();
  await place.remove();
});

describe("the rules of Loki's ruler", () => {
  it('are accepted by lokitool, which rejects an invalid query', async () => {
    const lokitool = (await programs(['loki'])).lokitool as string;
    const check = (file: string) => promisify(execFile)(lokitool, ['rules', 'check', file]);
    for (const file of await readdir(RULES)) await check(join(RULES, file));

    const folder = join(place.folder, 'broken');
    await mkdir(folder);
    const file = join(folder, 'broken.yaml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'a', rules: [{ alert: 'A', expr: 'sum(' }] }] }));
    await expect(check(file)).rejects.toThrow();
  });

  it('are all loaded for the audit tenant, and for no other', async () => {
    const loaded = async (tenant: string) => {
      const response = await fetch(`${loki.url}/prometheus/api/v1/rules`, { headers: { 'x-scope-orgid': tenant } });
      const { data } = (await response.json()) as any;
      return (data?.groups ?? []).flatMap((group: any) => group.rules.map(({ name }: any) => name)).sort();
    };
    const expected = groups.flatMap((group) => group.rules.map(({ alert }) => alert)).sort();
    // The ruler loads them some time after Loki is ready.
    const all = { accept: ({ length }: string[]) => length >= expected.length };
    expect(await eventually('all rules', () => loaded('mcp-audit'), all)).toEqual(expected);
    expect(await loaded('mcp-logs')).toEqual([]);
  });

  it('each have a scenario', () => {
    expect(Object.keys(SCENARIOS).sort()).toEqual(
      groups.flatMap(({ rules }) => rules.map((rule) => rule.alert)).sort(),
    );
  });

  it.each(Object.keys(SCENARIOS))('%s names the expected callers, and no near misses', async (alert) => {
    const { fires, quiet } = SCENARIOS[alert] as (typeof SCENARIOS)[string];
    const own = [...Object.keys(fires), ...Object.keys(quiet)];
    const expected = Object.keys(fires).sort();
    const fired = await eventually(`alert ${alert} for ${expected}`, alertsNow, {
      accept: (alerts) => named(alerts, alert, own).length >= expected.length,
    });
    expect(named(fired, alert, own)).toEqual(expected);
    seen.push(...fired.filter(({ labels }: any) => labels.alertname === alert));
  });

  it('evaluate without errors, and stay quiet on near misses over several evaluations', async () => {
    const began = Date.now();
    const data = await eventually(
      'two evaluations of every rule',
      async () => (await getJson(`${loki.url}/prometheus/api/v1/rules`, TENANT)).data,
      {
        accept: ({ groups }) =>
          groups.every((group: any) =>
            group.rules.every((rule: any) => Date.parse(rule.lastEvaluation) > began + 2 * SECOND),
          ),
      },
    );
    for (const rule of data.groups.flatMap((group: any) => group.rules))
      expect(rule, rule.name).toMatchObject({ health: 'ok' });

    const alerts = await alertsNow();
    for (const [alert, { quiet }] of Object.entries(SCENARIOS)) {
      expect(named(alerts, alert, Object.keys(quiet)), alert).toEqual([]);
    }
  });

  it('have texts with the caller and its actions', () => {
    const of = (alert: string, actor: string) =>
      seen.find(({ labels }: any) => labels.alertname === alert && labels.audit_actor_id === `${actor}-${RUN}`);
    expect(of('McpCallBurst', 'burst-101')).toMatchObject({
      labels: { severity: 'warning', mcp_audit_client_name: 'agent' },
      annotations: { summary: `burst-101-${RUN} called tools more than 100 times in a minute` },
    });
    expect(of('McpCallSlow', 'slow').annotations.description).toContain('took 10001 ms');
    expect(of('McpExfiltrationSequence', 'seq-lrs').annotations.summary).toContain(
      'listed files, read a sensitive one',
    );
    for (const { annotations } of seen) expect(Object.values(annotations).join(' ')).not.toMatch(/<no value>|<error/);
  });
});
