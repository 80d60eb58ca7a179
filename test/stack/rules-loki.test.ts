import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programs } from '../../collector-config/stack/programs.mjs';
import { AUDIT_FIELDS, type AuditField } from '../../src/semconv/audit-record.js';
import { recordsIn, Scratch as Trails } from '../safety/audit-trails.js';
import { Child } from '../safety/child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from '../safety/stdio-servers.js';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { hex, type LogInput, logsRequest, post } from './support/otlp.js';
import { CONFIG, everySecond, type Group, type Rule, readGroups, writeGroups } from './support/rules.js';
import { scratch } from './support/scratch.js';
import { startLoki } from './support/start-loki.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TENANT = { 'x-scope-orgid': 'mcp-audit' };
const RULES = join(CONFIG, 'loki/rules/mcp-audit');

/** Makes ids unique per run, in case Loki still has older ones. */
const RUN = hex(4);

let place: Awaited<ReturnType<typeof scratch>>;
let loki: Awaited<ReturnType<typeof startLoki>>;
let groups: Group[];

/** A record, and the service that sends it. */
interface Sent extends LogInput {
  readonly service?: string;
}

interface RecordInput {
  readonly actor: string;
  readonly agoMs?: number;
  readonly event?: string;
  readonly fields?: Record<string, unknown>;
}

let count = 0;
/** Reference time of ages; shifted when records are sent, because Loki can take long to start. */
const written = Date.now();
let late = 0;

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

/** A record about a server, which has this name. */
const ofServer = (name: string, event: string, fields: Record<string, unknown>, agoMs?: number): Sent =>
  record({
    actor: 'mcp-trail',
    event: `mcp_audit.${event}`,
    ...(agoMs === undefined ? {} : { agoMs }),
    fields: { 'mcp_audit.server.name': `${name}-${RUN}`, ...fields },
  });
const observed = (name: string, change: string | undefined, agoMs: number, address?: string) =>
  ofServer(
    name,
    'server.observed',
    {
      ...(change === undefined ? {} : { 'mcp_audit.inventory.change': change }),
      ...(address === undefined ? {} : { 'server.address': address }),
    },
    agoMs,
  );

/** A record about the trail of a service, which has this name. */
const ofTrail = (name: string, event: string, fields: Record<string, unknown> = {}, agoMs = 2 * SECOND): Sent => ({
  ...record({ actor: 'mcp-trail', event: `mcp_audit.${event}`, agoMs, fields }),
  service: `${name}-${RUN}`,
});

/** Records of one chain, in the order in which they arrive. */
function chain(
  name: string,
  id: string,
  links: readonly (readonly [at: number, event: string, agoMs: number, more?: object])[],
) {
  return links.map(([at, event, agoMs, more]) =>
    ofTrail(name, event, { 'mcp_audit.chain.id': `${RUN}-${id}`, 'audit.sequence.number': at, ...more }, agoMs),
  );
}
const covers = (size: number, more: object = KEY) => ({ 'mcp_audit.checkpoint.size': size, ...more });
const KEY = { 'mcp_audit.key.id': 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' };

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

const verdict = (actor: string, verdict: string, agoMs = 2 * SECOND) =>
  record({ actor, agoMs, event: 'mcp_audit.guardrail', fields: { 'mcp_audit.guardrail.verdict': verdict } });
const MODIFIED = { 'mcp_audit.tool.change': 'modified' };
const UNSEEN = { 'mcp_audit.unobserved.place': 'stdin', 'mcp_audit.unobserved.reason': 'bundle' };
const gap = (records: number) => ({ 'mcp_audit.gap.sink': 'file', 'mcp_audit.gap.records': records });

/** Records to send, by rule: it must name the callers, servers or services of `fires` and none of `quiet`. */
const SCENARIOS: Record<string, { fires: Record<string, Sent[]>; quiet: Record<string, Sent[]> }> = {
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
  McpGuardrailStopped: {
    fires: { 'guard-block': [verdict('guard-block', 'block')], 'guard-hold': [verdict('guard-hold', 'quarantine')] },
    quiet: {
      'guard-allow': [verdict('guard-allow', 'allow')],
      'guard-clean': [verdict('guard-clean', 'sanitize')],
      'guard-old': [verdict('guard-old', 'block', 6 * MINUTE)],
    },
  },
  McpToolChanged: {
    fires: {
      'tool-new': [ofServer('tool-new', 'tool.changed', { ...MODIFIED, 'mcp_audit.tool.compared_with': 'previous' })],
      'tool-lock': [ofServer('tool-lock', 'tool.changed', { ...MODIFIED, 'mcp_audit.tool.compared_with': 'lock' })],
      'tool-1.0': [ofServer('tool-1.0', 'tool.changed', MODIFIED)],
      'tool-none': [ofServer('tool-none', 'inventory.changed', { 'mcp_audit.inventory.change': 'server_not_locked' })],
    },
    quiet: {
      'tool-first': [observed('tool-first', undefined, 2 * SECOND)],
      'tool-noted': [ofServer('tool-noted', 'inventory.changed', { 'mcp_audit.inventory.change': 'annotated' })],
      'tool-old': [ofServer('tool-old', 'tool.changed', MODIFIED, 6 * MINUTE)],
    },
  },
  McpServerFirstSeen: {
    fires: {
      'server-new': [observed('server-new', 'server_added', 2 * SECOND)],
      'server-moved': [
        observed('server-moved', 'server_added', 2 * HOUR, 'a.example.com'),
        observed('server-moved', 'server_added', 2 * SECOND, 'b.example.com'),
      ],
    },
    quiet: {
      // A process that restarts without a state directory.
      'server-again': [
        observed('server-again', 'server_added', 2 * HOUR, 'a.example.com'),
        observed('server-again', 'server_added', 2 * SECOND, 'a.example.com'),
      ],
      'server-daily': [
        observed('server-daily', undefined, 25 * HOUR),
        observed('server-daily', 'server_added', 2 * SECOND),
      ],
      'server-shared': [
        { ...observed('server-shared', 'server_added', 2 * HOUR), service: 'another' },
        observed('server-shared', 'server_added', 2 * SECOND),
      ],
      'server-other': [observed('server-other', 'server_changed', 2 * SECOND)],
      'server-old': [observed('server-old', 'server_added', 11 * MINUTE)],
    },
  },
  McpUnobserved: {
    fires: { 'unseen-bundle': [ofTrail('unseen-bundle', 'unobserved', UNSEEN)] },
    quiet: {
      'unseen-not': [ofTrail('unseen-not', 'started')],
      'unseen-old': [ofTrail('unseen-old', 'unobserved', UNSEEN, 16 * MINUTE)],
    },
  },
  McpTrailGap: {
    fires: { 'gap-file': [9, 8].map((records) => ofTrail('gap-file', 'gap', gap(records))) },
    quiet: {
      'gap-kept': [ofTrail('gap-kept', 'retention', { 'mcp_audit.retention.reason': 'max_files' })],
      'gap-old': [ofTrail('gap-old', 'gap', gap(1), 16 * MINUTE)],
    },
  },
  McpTrailTampered: {
    fires: { 'proof-false': [ofTrail('proof-false', 'verified', { 'mcp_audit.verified.result': 'tampered' })] },
    quiet: Object.fromEntries(
      ['intact', 'unproven', 'incomplete'].map((result) => [
        `proof-${result}`,
        [ofTrail(`proof-${result}`, 'verified', { 'mcp_audit.verified.result': result })],
      ]),
    ),
  },
  McpCheckpointLate: {
    fires: {
      'late-one': chain('late-one', 'a', [
        [1, 'started', 10 * MINUTE, KEY],
        [2, 'checkpoint', 10 * MINUTE, covers(1)],
        [3, 'response', 5 * MINUTE],
      ]),
      'late-none': chain('late-none', 'b', [[1, 'started', 5 * MINUTE, KEY]]),
      'late-unsigned': chain('late-unsigned', 'c', [
        [101, 'checkpoint', 5 * HOUR, covers(100, {})],
        [102, 'response', 5 * MINUTE],
      ]),
      'late-two': [
        ...chain('late-two', 'd', [
          [8, 'response', 5 * MINUTE],
          [9, 'checkpoint', 4 * MINUTE, covers(8)],
        ]),
        ...chain('late-two', 'e', [
          [2, 'checkpoint', 6 * MINUTE, covers(1)],
          [3, 'response', 5 * MINUTE],
        ]),
      ],
    },
    quiet: {
      // Numbers that arrive in any order, and one that is missing.
      'late-not': chain('late-not', 'f', [
        [6, 'checkpoint', 4 * MINUTE, covers(5)],
        [5, 'response', 5 * MINUTE],
        [2, 'checkpoint', 6 * MINUTE, covers(1)],
        [3, 'response', 5 * MINUTE],
        [1, 'started', 6 * MINUTE, KEY],
      ]),
      'late-rotated': chain('late-rotated', 'g', [
        [3, 'response', 5 * MINUTE],
        [4, 'key.rotated', 4 * MINUTE, covers(3)],
      ]),
      'late-unknown': chain('late-unknown', 'h', [
        [1, 'started', 5 * MINUTE],
        [2, 'response', 5 * MINUTE],
      ]),
      'late-verified': chain('late-verified', 'i', [[1, 'verified', 5 * MINUTE]]),
      'late-ended': chain('late-ended', 'j', [
        [2, 'checkpoint', 90 * MINUTE, covers(1)],
        [3, 'response', 80 * MINUTE],
      ]),
    },
  },
};

/** Alerts as they fired: some end within a minute. */
const seen: any[] = [];

const alertsNow = async () => (await getJson(`${loki.url}/prometheus/api/v1/alerts`, TENANT)).data.alerts;

/** The services that a query finds at a time. */
async function ask(expr: string, atMs: number): Promise<ReadonlySet<string>> {
  const query = new URLSearchParams({ query: expr, time: String(atMs / 1000) });
  const { data } = await getJson(`${loki.url}/loki/api/v1/query?${query}`, TENANT);
  return new Set(data.result.map(({ metric }: any) => metric.service_name));
}

/** Names in the labels of a rule's alerts, without the suffix of this run. */
const named = (alerts: any[], alert: string, own: readonly string[]) =>
  [
    ...new Set(
      alerts
        .filter(({ labels, state }) => labels.alertname === alert && state === 'firing')
        .flatMap(({ labels }) => Object.values(labels).map((label) => String(label).replace(`-${RUN}`, '')))
        .filter((name) => own.includes(name)),
    ),
  ].sort();

beforeAll(async () => {
  place = await scratch();
  groups = await readGroups('loki/rules/mcp-audit');
  const rules = join(place.folder, 'rules');
  await writeGroups(join(rules, 'mcp-audit'), everySecond(groups));
  loki = await startLoki({ folder: join(place.folder, 'loki'), rules });

  const all: Sent[] = Object.values(SCENARIOS).flatMap(({ fires, quiet }) =>
    [fires, quiet].flatMap((callers) => Object.values(callers).flat()),
  );
  late = Date.now() - written;
  const resourceLogs = all.flatMap(({ service, ...input }) => {
    const sent = { ...input, timeMs: Number(input.timeMs) + late };
    return logsRequest([sent], service).resourceLogs;
  });
  const { status, text } = await post(loki.url, '/otlp/v1/logs', { resourceLogs }, TENANT);
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

  it.each(Object.keys(SCENARIOS))('%s names what it is for, and no near misses', async (alert) => {
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

  describe('of a real process with a signing key', () => {
    const trails = new Trails();
    afterAll(() => trails.remove());
    const { file, preload } = SERVERS[0] as ServerRow;

    /** What a server writes from its start to its end, stored in Loki. @returns alerts on it some time after its end */
    async function alertsOn(service: string, signal: NodeJS.Signals) {
      const path = trails.path();
      const child = new Child([...preload, file], {
        ...trails.signed,
        ...{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
        ...{ MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: path },
      });
      child.write(...HANDSHAKE, callEcho('only'));
      await child.printed('"id":"echo only"');
      child.kill(signal);
      await child.ended;
      const records = recordsIn(path);
      const sent = records.map((fields) => {
        const own = Object.entries(fields).filter(
          ([key]) => !(AUDIT_FIELDS as Record<string, AuditField>)[key]?.bodyOnly,
        );
        const attributes = { ...Object.fromEntries(own), event_name: fields.event_name };
        return { body: JSON.stringify(fields), attributes, timeMs: Date.parse(fields.time) };
      });
      const { status, text } = await post(loki.url, '/otlp/v1/logs', logsRequest(sent, service), TENANT);
      expect(status, text).toBe(204);
      const end = Math.max(...sent.map(({ timeMs }) => timeMs));
      return async (afterMs: number) => {
        const found = groups.flatMap(({ rules }) =>
          rules.map(async ({ alert, expr }) => ((await ask(expr, end + afterMs)).has(service) ? [alert] : [])),
        );
        return (await Promise.all(found)).flat();
      };
    }

    it('alert on nothing but that its server is new, if it ends by itself', async () => {
      const alerting = await alertsOn(`ended-${RUN}`, 'SIGTERM');
      expect(await alerting(SECOND)).toEqual(['McpServerFirstSeen']);
      expect(await alerting(3 * MINUTE)).toEqual(['McpServerFirstSeen']);
      expect(await alerting(HOUR)).toEqual([]);
    });

    it('alert on the missing checkpoint, if it is killed', async () => {
      const alerting = await alertsOn(`killed-${RUN}`, 'SIGKILL');
      expect(await alerting(SECOND)).not.toContain('McpCheckpointLate');
      expect(await alerting(3 * MINUTE)).toContain('McpCheckpointLate');
    });
  });

  it('call a checkpoint late two minutes after a record without one, for an hour', async () => {
    const { expr } = groups.flatMap(({ rules }) => rules).find((rule) => rule.alert === 'McpCheckpointLate') as Rule;
    const recorded = written + late - 5 * MINUTE;
    const isLate = async (afterMs: number) => (await ask(expr, recorded + afterMs)).has(`late-one-${RUN}`);
    expect(await isLate(2 * MINUTE - SECOND)).toBe(false);
    expect(await isLate(2 * MINUTE + SECOND)).toBe(true);
    expect(await isLate(62 * MINUTE - SECOND)).toBe(true);
    expect(await isLate(62 * MINUTE + SECOND)).toBe(false);
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
    const ofService = (alert: string, service: string) =>
      seen.find(({ labels }: any) => labels.alertname === alert && labels.service_name === `${service}-${RUN}`);
    expect(ofService('McpTrailGap', 'gap-file').annotations.description).toContain('write 17 audit records to file.');
    expect(ofService('McpCheckpointLate', 'late-two').annotations.description).toContain('after them: 1.');
    for (const { annotations } of seen) expect(Object.values(annotations).join(' ')).not.toMatch(/<no value>|<error/);
  });
});
