import { createRequire } from 'node:module';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { McpInstrumentation, type McpInstrumentationConfig } from '../../src/index.js';
import { auditScenarios } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';

const { telemetry, audit } = auditScenarios();

// CommonJS, which is instrumented even if it was loaded before.
const require = createRequire(import.meta.url);
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { InMemoryTransport } = require('@modelcontextprotocol/sdk/inMemory.js');

let made: McpInstrumentation[] = [];

afterEach(() => {
  for (const each of made) each.disable();
  made = [];
  vi.unstubAllEnvs();
  audit.reset();
});

function instrumentation(config?: McpInstrumentationConfig): McpInstrumentation {
  const each = new McpInstrumentation(config);
  made.push(each);
  return each;
}

/** Whether a call between a client and a server without manual instrumentation has spans and audit records. */
async function isObserved(): Promise<boolean> {
  const client = new Client({ name: 'client', version: '1' });
  const server = new McpServer({ name: 'server', version: '1' });
  server.registerTool('fine', {}, () => ({ content: [] }));
  const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
  await server.connect(serverTransport);
  await client.connect(clientTransport);
  await client.callTool({ name: 'fine', arguments: {} });
  await expectNothingOpen(telemetry);
  await client.close();
  const spans = telemetry.spans.filter(({ name }) => name === 'tools/call fine').length;
  const records = audit.of('mcp_audit.response').length;
  expect(records > 0, 'records where there are spans').toBe(spans > 0);
  return spans > 0;
}

/** The ways to enable an instrumentation with an existing SDK. */
const CALLERS: readonly [string, (instrumentation: McpInstrumentation) => void | Promise<void>][] = [
  ['registerInstrumentations', (each) => void registerInstrumentations({ instrumentations: [each] })],
  ['enable()', (each) => each.enable()],
  ['setConfig without a word of it', (each) => each.setConfig({ audit: true })],
];

describe('MCP_TRAIL_ENABLED=false', () => {
  it.each(CALLERS)('is not overridden by %s', async (_who, call) => {
    vi.stubEnv('MCP_TRAIL_ENABLED', 'false');
    await call(instrumentation({ audit: true }));
    expect(await isObserved()).toBe(false);
  });

  it.each(CALLERS)('is not overridden by %s of an instance made with enabled: false', async (_who, call) => {
    vi.stubEnv('MCP_TRAIL_ENABLED', 'off');
    await call(instrumentation({ audit: true, enabled: false }));
    expect(await isObserved()).toBe(false);
  });

  it('is not overridden by a NodeSDK that starts', async () => {
    vi.stubEnv('MCP_TRAIL_ENABLED', '0');
    vi.stubEnv('OTEL_LOGS_EXPORTER', 'none');
    vi.stubEnv('OTEL_METRICS_EXPORTER', 'none');
    const exporter = new InMemorySpanExporter();
    const sdk = new NodeSDK({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
      instrumentations: [instrumentation({ audit: true })],
    });
    sdk.start();
    // It warns about the SDK that is registered already.
    telemetry.reset();
    expect(await isObserved()).toBe(false);
    await sdk.shutdown();
    telemetry.reset();
  });

  it('is overridden by enabled: true in the constructor', async () => {
    vi.stubEnv('MCP_TRAIL_ENABLED', 'false');
    registerInstrumentations({ instrumentations: [instrumentation({ audit: true, enabled: true })] });
    expect(await isObserved()).toBe(true);
  });

  it('is overridden by enabled: true in setConfig', async () => {
    vi.stubEnv('MCP_TRAIL_ENABLED', 'false');
    const each = instrumentation({ audit: true });
    each.setConfig({ audit: true, enabled: true });
    expect(each.getConfig().enabled).toBe(true);
    expect(await isObserved()).toBe(true);
  });
});

describe('without the variable, enabled: false', () => {
  it('is overridden by registerInstrumentations, which enables its instrumentations', async () => {
    registerInstrumentations({ instrumentations: [instrumentation({ audit: true, enabled: false })] });
    expect(await isObserved()).toBe(true);
  });

  it('leaves an instance disabled that is never enabled', async () => {
    instrumentation({ audit: true, enabled: false });
    expect(await isObserved()).toBe(false);
  });

  it('in setConfig disables the instance', async () => {
    instrumentation({ audit: true }).setConfig({ audit: true, enabled: false });
    expect(await isObserved()).toBe(false);
  });
});

it('an instance that was disabled stays disabled when it gets options without `enabled`', async () => {
  const each = instrumentation({ audit: true });
  each.disable();
  each.setConfig({ audit: true });
  expect(await isObserved()).toBe(false);
});
