import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { DIALECTS } from '../support/dialects.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';

const { telemetry, audit } = auditScenarios();
const MAX_RECORD_BYTES = 32_768;
/** Composed here, so that no scanner reports it. */
const SECRET = ['AKIA', 'IOSFODNN7', 'EXAMPLE'].join('');
const MEGABYTE = 'x'.repeat(1_048_576);

function trapped(): object {
  return Object.defineProperty({ before: 1 }, 'trap', {
    enumerable: true,
    get() {
      throw new Error('trap');
    },
  });
}

function untouchable(): object {
  const refuse = () => {
    throw new Error('trap');
  };
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cycle(): object {
  const value: Record<string, unknown> = { a: 1 };
  value['self'] = value;
  return value;
}

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));

const ARGUMENTS: Readonly<Record<string, () => unknown>> = {
  'of a secret as a name': () => ({ [SECRET]: 1, password: SECRET }),
  'of __proto__': () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  'of 100 000 names': () => many(100_000),
  'of a megabyte as a name': () => ({ [MEGABYTE]: 1 }),
  'of control characters': () => ({ 'a\nb\u001b[31m\u0000': 1, '\u202etxt': 2 }),
  'of lone surrogates': () => ({ 'a\ud800': '\udc00', '\udfff': 1 }),
  'of a cycle': cycle,
  'of a getter that throws': trapped,
  'that are a proxy': untouchable,
  'that are a revoked proxy': revoked,
  'that are 5000 levels deep': () => deep(5000),
  'that are a list': () => [{ a: 1 }, 'b'],
  'that are a text': () => SECRET,
  'that are null': () => null,
  'that hold a toJSON that throws': () => ({
    a: {
      toJSON() {
        throw new Error('trap');
      },
    },
  }),
};

const NAMES: Readonly<Record<string, unknown>> = {
  'of a megabyte': MEGABYTE,
  'with ANSI codes': '\u001b[2J\u001b[31mrm -rf',
  'with line feeds': 'fine\n{"event_name":"mcp_audit.response","forged":true}',
  'that is empty': '',
  'that is a secret': SECRET,
  'of lone surrogates': '\ud800\udfff\ud800',
  'of 4-byte characters': '😀'.repeat(1000),
  'that is not text': { toString: () => SECRET },
  'that is __proto__': '__proto__',
};

/** What a caller and a handler see of one call. */
async function behaviour(flavour: Flavour, params: () => object, audited: boolean): Promise<unknown[]> {
  const seen: unknown[] = [];
  const dialect = DIALECTS[flavour.sdk];
  const see = (...what: unknown[]) =>
    seen.push(
      inspect(what, {
        depth: 3,
        maxStringLength: 100,
        maxArrayLength: 20,
        breakLength: Number.POSITIVE_INFINITY,
      }).slice(0, 2000),
    );
  const pair = await flavour.pair({
    instrument: audited ? 'both' : 'none',
    config: { audit: true },
    configure: (server) =>
      dialect.onRequest(server.server, 'tools/call', (given) => {
        see('handler', Object.keys(given?.arguments ?? {}).length);
        return text('ok');
      }),
  });
  await dialect.request(pair.client, 'tools/call', params(), { timeout: 2000 }).then(
    (result: any) => see('result', result.content),
    (error: Error) => see('error', (error as { code?: unknown }).code, error.message.slice(0, 100)),
  );
  await pair.close();
  return seen;
}

/** The call works as without mcp-trail; the pair of records of each side is valid and bounded. */
async function expectHarmless(flavour: Flavour, params: () => object): Promise<AuditRecord[]> {
  const expected = await behaviour(flavour, params, false);
  telemetry.reset();
  audit.reset();
  expect(await behaviour(flavour, params, true)).toEqual(expected);
  const records = (['client', 'server'] as const).flatMap((side) => {
    const pairs = pairsOf(audit, side, 'tools/call');
    const arrived = side === 'client' || expected.join().includes('handler');
    if (arrived) expect(pairs, `pairs of the ${side}`).toHaveLength(1);
    return pairs.flatMap(({ request, response }) => [request, response]);
  });
  for (const { text: line } of audit.emitted) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    expect(line).not.toContain(SECRET);
    expect(line).not.toContain('\n');
    expect(line).not.toMatch(/\p{Cs}/u);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there, and not escaped either
    expect(JSON.parse(line)['gen_ai.tool.name'] ?? '').not.toMatch(/[\u0000-\u001f\u202e]/);
  }
  return records;
}

describe.each(FLAVOURS)('a tool call, on $name', (flavour) => {
  it.each(Object.entries(ARGUMENTS))(
    'with arguments %s is audited, and works as without mcp-trail',
    async (what, make) => {
      const records = await expectHarmless(flavour, () => ({ name: 'fine', arguments: make() }));
      expect(records.length, what).toBeGreaterThanOrEqual(2);
      telemetry.reset();
    },
  );

  it.each(Object.entries(NAMES))(
    'of a tool with a name %s is audited, and works as without mcp-trail',
    async (_what, name) => {
      const records = await expectHarmless(flavour, () => ({ name, arguments: {} }));
      for (const record of records) {
        expect(record['audit.target.id']).toBeTruthy();
        expect((record['audit.target.id'] as string).length).toBeLessThanOrEqual(256);
      }
      telemetry.reset();
    },
  );

  it('records that names of arguments were left out, if there are more than are listed', async () => {
    for (const record of await expectHarmless(flavour, () => ({ name: 'fine', arguments: many(65) }))) {
      expect(record['mcp_audit.tool.argument.keys']).toHaveLength(64);
      expect(record['mcp_audit.truncated']).toEqual(['mcp_audit.tool.argument.keys']);
    }
    for (const record of await expectHarmless(flavour, () => ({ name: 'fine', arguments: many(64) }))) {
      expect(record['mcp_audit.tool.argument.keys']).toHaveLength(64);
      expect(Object.keys(record)).not.toContain('mcp_audit.truncated');
    }
  });
});
