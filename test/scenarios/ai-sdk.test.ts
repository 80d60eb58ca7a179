/** Clients of the AI SDK, observed without code: real processes, of both majors, as ESM and CommonJS. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode } from '../../examples/demo/child.mjs';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { recordsIn, Scratch, story } from '../safety/audit-trails.js';
import { ROOT, run } from '../safety/child.js';

const scratch = new Scratch();
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

const PRELOAD = ['--import', new URL('../../dist/esm/register.js', import.meta.url).href];
const SERVER = `${ROOT}/test/fixtures/tmcp-server.mjs`;

function environment(name: string, auditFile: string): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: name,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: auditFile,
  };
}

/** Runs an agent against a new server. Returns what it saw. */
async function play({ file, major, over }: (typeof AGENTS)[number], preload: readonly string[], auditFile: string) {
  const agent = [...preload, `test/fixtures/${file}`, major];
  if (over === 'stdio') {
    const { stdout } = await run([...agent, process.execPath, ...preload, SERVER, 'stdio'], {
      env: environment('agent', auditFile),
    });
    return stdout;
  }
  const server = startNode('the server', [...preload, SERVER, over], {
    ...environment('server', scratch.path()),
    PATH: process.env['PATH'],
  });
  const url = (await server.firstLine()) as string;
  const { stdout } = await run([...agent, over, url], { env: environment('agent', auditFile) });
  await server.stop();
  return stdout;
}

const AGENTS = [
  { file: 'ai-client.mjs', major: '2', over: 'http' },
  { file: 'ai-client.mjs', major: '2', over: 'stdio' },
  { file: 'ai-client.mjs', major: '1', over: 'sse' },
  { file: 'ai-client.cjs', major: '1', over: 'http' },
] as const;

describe.each(AGENTS)('an agent, $file on version $major over $over', (agent) => {
  const auditFile = scratch.path();
  // On 2026-07-28 a server sends no requests.
  const isLegacy = agent.major === '1' || agent.over === 'stdio';
  let seen: string;
  beforeAll(async () => {
    receiver.spans.length = 0;
    seen = await play(agent, PRELOAD, auditFile);
  });

  it('sees what it sees without mcp-trail', async () => {
    expect(JSON.parse(seen).length).toBeGreaterThanOrEqual(5);
    expect(seen).toBe(await play(agent, [], scratch.path()));
  });

  it('has a client span for each call, between its own span and the span of the server', async () => {
    // A process that ends sends again what has not been confirmed: a copy is better than a loss.
    const of = (kind: string, name: string) => [
      ...new Map(
        receiver.spans
          .filter((span) => span.kind === kind && span.name === name)
          .map((span) => [`${span.traceId} ${span.spanId}`, span]),
      ).values(),
    ];
    await receiver.waitFor(() => of('SERVER', 'tools/call fail').length > 0 && of('INTERNAL', 'agent').length > 0, {
      what: 'the last call',
    });
    const [own] = of('INTERNAL', 'agent');
    const [called, ...more] = of('CLIENT', 'tools/call echo');
    expect(more).toEqual([]);
    expect(called).toMatchObject({ traceId: own?.traceId, parentSpanId: own?.spanId, status: { code: 'UNSET' } });
    expect(of('SERVER', 'tools/call echo')).toMatchObject([{ traceId: own?.traceId, parentSpanId: called?.spanId }]);
    expect(called?.attributes).toMatchObject({
      'mcp_trail.server.name': 'tmcp-fixture',
      ...(agent.over === 'stdio' ? { 'network.transport': 'pipe' } : { 'server.address': '127.0.0.1' }),
    });
    expect(of('CLIENT', 'tools/call refuse')[0]?.attributes['error.type']).toBe('tool_error');
    expect(of('CLIENT', 'tools/call fail')[0]?.attributes['error.type']).toBe('-32603');
    if (isLegacy) expect(of('SERVER', 'elicitation/create')).toHaveLength(1);
  });

  it('leaves a complete audit trail', () => {
    const told = story(recordsIn(auditFile)).filter((line) => /tools\/call|elicitation/.test(line));
    expect(told).toEqual([
      'request tools/call echo',
      'response tools/call echo ok',
      'request tools/call choose',
      ...(isLegacy ? ['request elicitation/create', 'response elicitation/create ok'] : []),
      expect.stringMatching(/^response tools\/call choose/),
      'request tools/call refuse',
      'response tools/call refuse tool_error',
      'request tools/call fail',
      'response tools/call fail error',
    ]);
  });
});

describe('an agent that instruments its transport', () => {
  it('has client spans without the rewriting of bundles', async () => {
    receiver.spans.length = 0;
    const { stdout } = await run([...PRELOAD, 'test/fixtures/readme-ai-sdk.mjs', SERVER, 'stdio'], {
      env: { ...environment('agent', scratch.path()), MCP_TRAIL_BUNDLES: 'off' },
    });
    expect(stdout).toContain('echo,refuse');
    const listed = () => receiver.spans.filter(({ name }) => name === 'tools/list');
    await receiver.waitFor(() => listed().length > 0, { what: 'the span of tools/list' });
    expect(listed()).toMatchObject([{ kind: 'CLIENT', attributes: { 'network.transport': 'pipe' } }]);
  });
});
