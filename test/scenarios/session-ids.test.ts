/** How session ids are recorded, on spans and in the trail: one option for both. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { spanSessionIds } from '../../src/audit/create-recorder.js';
import type { McpInstrumentationConfig } from '../../src/index.js';
import { resolveConfig } from '../../src/options/instrumentation.js';
import { auditScenarios } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';
import { HTTP_FLAVOURS } from '../support/http.js';

const { telemetry, audit } = auditScenarios();
const KEY = 'c0ffee'.repeat(8);
const DIGEST = /^hmac-sha256:[\w.-]+:[\da-f]{64}$/;

afterEach(() => vi.unstubAllEnvs());

describe.each(HTTP_FLAVOURS.filter(({ sessions }) => sessions))('the id of a session, on $name', (flavour) => {
  /** Its real value, and its values on spans and records. */
  async function told(config: McpInstrumentationConfig) {
    const pair = await flavour.pair({ config });
    const id: string = pair.clientTransport.sessionId;
    await pair.client.ping();
    await pair.client.listTools().catch(() => {});
    await pair.close();
    await expectNothingOpen(telemetry);
    const spans = telemetry.spans.filter(({ name }) => name === 'tools/list');
    const records = audit.records.filter((each) => each['mcp.method.name'] === 'tools/list');
    const of = (values: unknown[]) => [...new Set(values)];
    return {
      id,
      spans: of(spans.map(({ attributes }) => attributes['mcp.session.id'])),
      records: of(records.map((each) => each['mcp.session.id'])),
      everything: JSON.stringify([spans.map(({ attributes }) => attributes), audit.records]),
    };
  }

  it('is plain on spans and a digest on records by default', async () => {
    const { id, spans, records } = await told({ audit: { digestKey: KEY } });
    expect(spans).toEqual([id]);
    expect(records).toEqual([expect.stringMatching(DIGEST)]);
  });

  it('is plain on both', async () => {
    const { id, spans, records } = await told({ audit: { digestKey: KEY }, sessionIds: 'plain' });
    expect([spans, records]).toEqual([[id], [id]]);
  });

  it('is the same digest on both, at client and server, and never plain', async () => {
    const { id, spans, records, everything } = await told({ audit: { digestKey: KEY }, sessionIds: 'digest' });
    expect(spans).toEqual([expect.stringMatching(DIGEST)]);
    expect(records).toEqual(spans);
    expect(everything).not.toContain(id);
  });

  it('is on neither', async () => {
    const { id, spans, records, everything } = await told({ audit: { digestKey: KEY }, sessionIds: 'none' });
    expect([spans, records]).toEqual([[undefined], [undefined]]);
    expect(everything).not.toContain(id);
  });

  it('is set by the environment on both', async () => {
    vi.stubEnv('MCP_TRAIL_SESSION_IDS', 'none');
    const { spans, records } = await told({ audit: { digestKey: KEY } });
    expect([spans, records]).toEqual([[undefined], [undefined]]);
  });

  it.each([
    ['none', 'plain'],
    ['plain', 'none'],
    ['plain', 'digest'],
    ['digest', 'plain'],
  ] as const)('is %s on spans and %s on records, if the trail has its own option', async (ofBoth, ofTrail) => {
    const { id, spans, records } = await told({
      sessionIds: ofBoth,
      audit: { digestKey: KEY, sessionIds: ofTrail },
    });
    const shown = { none: undefined, plain: id, digest: expect.stringMatching(DIGEST) };
    expect([spans, records]).toEqual([[shown[ofBoth]], [shown[ofTrail]]]);
  });

  it('is a digest without auditing, too', async () => {
    const { id, spans, everything } = await told({ sessionIds: 'digest' });
    expect(spans).toEqual([expect.stringMatching(DIGEST)]);
    expect(everything).not.toContain(id);
  });
});

it('processes with the same key have the same digests of session ids, with and without auditing', () => {
  const shown = (env: Record<string, string>) =>
    spanSessionIds(resolveConfig({ sessionIds: 'digest' }), undefined, env);
  const one = shown({ MCP_TRAIL_AUDIT_DIGEST_KEY: KEY })?.('session');
  expect(shown({ MCP_TRAIL_AUDIT_DIGEST_KEY: KEY })?.('session')).toBe(one);
  expect(shown({ MCP_TRAIL_AUDIT_DIGEST_KEY: KEY.replace('c', 'd') })?.('session')).not.toBe(one);
  expect(shown({})?.('session')).toBe(shown({})?.('session'));
});
