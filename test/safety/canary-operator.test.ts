/** Messages on stderr and in OpenTelemetry's diagnostics about invalid options, policies and events. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditRecorder } from '../../src/audit/recorder.js';
import { type Kind, MARKER, PERSONAL, SECRETS } from './canary/kinds.js';
import { Sweep } from './canary/sweep.js';

// With a capital letter: the path of a key without one is hardly the key itself, and would be repeated.
const directory = mkdtempSync(join(tmpdir(), 'mcp-trail-Canary-'));
const NO_DIRECTORY = join(directory, 'file');
writeFileSync(NO_DIRECTORY, '');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

// Each copy of the package has something to do at the end.
process.setMaxListeners(0);

let printed: string[] = [];
beforeEach(() => {
  printed = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => printed.push(String(chunk)) > 0);
  }
});
afterEach(() => vi.restoreAllMocks());

/** A fresh copy of the package: every message is printed once only, and their number is limited. */
async function fresh() {
  vi.resetModules();
  const [api, config, audit, options, trail] = await Promise.all([
    import('@opentelemetry/api'),
    import('../../src/options/instrumentation.js'),
    import('../../src/audit/create-recorder.js'),
    import('../../src/options/resolve.js'),
    import('../../src/index.js'),
  ]);
  const { INSTRUMENTATION, AUDIT, DIGEST_KEY_ID, REGISTER } = await import('../../src/options/table.js');
  const tables = [
    ...variables(INSTRUMENTATION, ''),
    ...variables({ ...AUDIT, 'digestKey.id': DIGEST_KEY_ID }, 'audit.'),
  ];
  const report = await import('../../src/report/report.js');
  return { api, tables, sdk: REGISTER.sdk, report, ...config, ...audit, ...options, ...trail };
}

function variables(table: object, prefix: string) {
  return Object.entries(table).flatMap(([name, { env }]: [string, { env?: string }]) =>
    env === undefined ? [] : [{ option: `${prefix}${name}`, env }],
  );
}

/** Passes a canary in everything that can be invalid. */
async function misconfigure(sweep: Sweep): Promise<string> {
  const trail = await fresh();
  const plant = (field: string) => sweep.plantLocally(field);
  const tell = (...parts: unknown[]) => printed.push(parts.join(' '));
  trail.api.diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell });
  const surroundings = (env: Record<string, string> = {}) => ({ currentPeer: () => undefined, env });

  for (const { option, env } of trail.tables) {
    const inEnvironment = {
      MCP_TRAIL_AUDIT: 'file',
      MCP_TRAIL_AUDIT_FILE: NO_DIRECTORY,
      [env]: badPath(option, plant(env)),
    };
    audit(trail.createAuditRecorder(trail.resolveConfig({}, inEnvironment), surroundings(inEnvironment)));
    const name = option.replace('audit.', '');
    const value = badPath(option, plant(`option ${option}`));
    const options = { delivery: 'file' as const, file: NO_DIRECTORY };
    const given = option === name ? { [name]: value, audit: options } : { audit: { ...options, [name]: value } };
    audit(trail.createAuditRecorder(trail.resolveConfig(given as never, {}), surroundings()));
  }
  const options = {
    delivery: 'file' as const,
    file: NO_DIRECTORY,
    errorCodes: { [plant('error code')]: plant('status of an error code') as 'denied' },
    policy: policy(plant) as never,
    identity: plant('identity hook') as never,
  };
  trail.createAuditRecorder(
    trail.resolveConfig({ audit: options, redact: plant('redact hook') as never }, {}),
    surroundings(),
  );
  trail.createAuditRecorder(trail.resolveConfig({ audit: plant('audit') as never }, {}), surroundings());
  trail.resolve('sdk', trail.sdk, undefined, { MCP_TRAIL_SDK: plant('word from the environment') });

  trail.recordAuthentication({ event: plant('authentication event') as 'login' });
  trail.recordAuthorization({ decision: plant('decision') as 'allow' });
  trail.recordGuardrail({ verdict: plant('verdict') as 'allow' });
  trail.recordConfigChange(plant('no change at all') as never);
  trail.annotate(plant('unknown server'), {});
  const Class = { [plant('class of a failure')]: class extends Error {} }[
    plant('class of a failure')
  ] as ErrorConstructor;
  trail.report.reportFailure('a place of this test', new Class(plant('message of a failure')));
  trail.api.diag.disable();
  return printed.join('');
}

/** Starts and ends, which writes the file. */
function audit(recorder: AuditRecorder | undefined): void {
  recorder?.start();
  recorder?.stop();
}

/** Looks for files in impossible places. */
function badPath(option: string, text: string): string {
  return /file$|stateDirectory|checkpoints/i.test(option) ? join(NO_DIRECTORY, text) : text;
}

function policy(plant: (field: string) => string): object {
  return {
    version: 1,
    [plant('policy member')]: plant('policy member value'),
    defaults: { sensitivity: plant('default sensitivity'), [plant('default member')]: 1 },
    tags: [plant('policy tag')],
    rules: [
      { id: plant('rule id'), tool: '*', sensitivity: 'public' },
      { id: 'a', tool: '*', sensitivity: plant('sensitivity') },
      { id: 'b', tool: '*', verb: plant('verb') },
      { id: 'c', tool: '*', sensitive: plant('sensitive') },
      { id: 'd', tool: '*', sensitivity: 'public', tags: [plant('rule tag')] },
      { id: 'e', tool: '*', sensitivity: 'public', [plant('rule member')]: 1 },
      { id: 'f', arguments: { [plant('argument')]: { [plant('predicate')]: 1 } }, sensitivity: 'public' },
      { id: 'g', tool: { [plant('pattern member')]: 1 }, sensitivity: 'public' },
      plant('rule'),
    ],
    capture: {
      tools: {
        [plant('captured tool')]: { arguments: { limit: { type: plant('type') }, [plant('captured argument')]: 7 } },
        other: { arguments: { limit: { type: 'integer', [plant('capture member')]: plant('capture value') } } },
        strange: { arguments: plant('no capture') },
      },
    },
  };
}

async function sweepOf(kind: Kind): Promise<{ sweep: Sweep; outputs: Map<string, string> }> {
  const sweep = new Sweep(kind, 'operator');
  return { sweep, outputs: new Map([['stdout, stderr and diagnostics', await misconfigure(sweep)]]) };
}

/** A message repeats an invalid value so that it can be found, except for these, which were accepted or are secrets by name. */
const NOT_REPEATED = [
  ...[
    'MCP_TRAIL_AUDIT_DIGEST_KEY',
    'MCP_TRAIL_AUDIT_DIGEST_KEY_ID',
    'MCP_TRAIL_AUDIT_HEADERS',
    'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE',
    'MCP_TRAIL_BAGGAGE_TO',
    'MCP_TRAIL_IGNORE_METHODS',
  ],
  ...[
    'message of a failure',
    'no change at all',
    'option audit.digestKey',
    'option audit.digestKey.id',
    'option audit.signingKeyFile',
    'pattern member',
    'policy tag',
  ],
  ...['rule id', 'rule tag', 'unknown server'],
];

describe('messages about mistakes', () => {
  it('repeat the invalid value, and nothing else', async () => {
    const { sweep, outputs } = await sweepOf(MARKER);
    const leaving = new Set(sweep.leaving(outputs));
    expect(sweep.fields.filter((field) => !leaving.has(field))).toEqual(NOT_REPEATED);
    expect(leaving.size).toBeGreaterThan(60);
  });

  it.each([...SECRETS, ...PERSONAL])('contain no $name', async (kind) => {
    const { sweep, outputs } = await sweepOf(kind);
    expect(sweep.hits(outputs)).toEqual([]);
    expect([...outputs.values()].join('')).toContain('[REDACTED:');
  });
});
