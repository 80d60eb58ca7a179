import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logs } from '@opentelemetry/api-logs';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { afterEach, expect, it } from 'vitest';
import { instrumentClient, McpInstrumentation, recordConfigChange } from '../../src/index.js';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { newKeyFile } from '../support/signing-key.js';

// CommonJS, which is instrumented even if it was loaded before.
const require = createRequire(import.meta.url);
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { InMemoryTransport } = require('@modelcontextprotocol/sdk/inMemory.js');

const config = { audit: true } as const;

/** A provider, and the events of the records it got. */
class Provider {
  readonly #exporter = new InMemoryLogRecordExporter();
  readonly provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: this.#exporter })] });

  get records() {
    return this.#exporter.getFinishedLogRecords().map(({ body }) => parse(String(body)));
  }

  get events(): string[] {
    return this.records.map((each) => each.event_name.replace('mcp_audit.', ''));
  }

  /** Tools whose call has ended. */
  get tools() {
    const ended = this.records.filter((each) => each.event_name === 'mcp_audit.response');
    return ended.flatMap((each) => each['gen_ai.tool.name'] ?? []);
  }

  reset(): void {
    this.#exporter.reset();
  }
}

const registered = new Provider();
logs.setGlobalLoggerProvider(registered.provider);

let made: McpInstrumentation[] = [];
afterEach(() => {
  for (const each of made.reverse()) each.disable();
  made = [];
  registered.reset();
});

function instrumentation(own?: Provider): McpInstrumentation {
  const each = new McpInstrumentation(config);
  made.push(each);
  if (own !== undefined) each.setLoggerProvider(own.provider);
  return each;
}

async function connected(tool: string) {
  const client = new Client({ name: 'client', version: '1' });
  const server = new McpServer({ name: 'server', version: '1' });
  server.registerTool(tool, {}, () => ({ content: [] }));
  const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
  await server.connect(serverTransport);
  await client.connect(clientTransport);
  return { call: () => client.callTool({ name: tool, arguments: {} }), close: () => client.close() };
}

async function call(tool: string): Promise<void> {
  const { call, close } = await connected(tool);
  await call();
  await close();
}

it('an instrumentation’s own provider gets its records, and the registered one gets none of them', async () => {
  const own = new Provider();
  registerInstrumentations({ instrumentations: [instrumentation()], loggerProvider: own.provider });
  await call('mine');
  expect(own.tools).toEqual(['mine', 'mine']);
  expect(registered.events).toEqual([]);
  made[0]?.disable();
  expect(own.events[0]).toBe('started');
  expect(own.events.at(-1)).toBe('stopped');
  expect(own.events.filter((each) => each === 'started')).toHaveLength(1);
  expect(registered.events).toEqual([]);
});

it('an instrumentation’s own provider is not used after the instrumentation', async () => {
  const own = new Provider();
  instrumentation(own).disable();
  expect(own.events).toEqual(['started', 'stopped']);
  instrumentation();
  await call('others');
  expect(own.events).toEqual(['started', 'stopped']);
  expect(registered.tools).toEqual(['others', 'others']);
});

it('an instrumentation that is enabled again has forgotten its own provider', async () => {
  const own = new Provider();
  const each = instrumentation(own);
  each.disable();
  each.enable();
  await call('again');
  expect(own.tools).toEqual([]);
  expect(registered.tools).toEqual(['again', 'again']);
});

it('a provider that is set before the instrumentation is enabled is used', async () => {
  const own = new Provider();
  const each = new McpInstrumentation({ ...config, enabled: false });
  made.push(each);
  registerInstrumentations({ instrumentations: [each], loggerProvider: own.provider });
  await call('late');
  expect(own.tools).toEqual(['late', 'late']);
});

it('other options keep the provider', async () => {
  const own = new Provider();
  instrumentation(own).setConfig({ audit: { messages: true } });
  await call('reset');
  expect(own.tools).toEqual(['reset', 'reset']);
  expect(registered.events).toEqual([]);
});

it('two instrumentations share no provider, and each provider has a complete trail', async () => {
  const [one, two] = [new Provider(), new Provider()];
  const first = instrumentation(one);
  const before = await connected('first');
  const second = instrumentation(two);
  const after = await connected('second');
  for (const each of [before, after, before, after]) await each.call();
  recordConfigChange({ item: 'newest' });
  await before.close();
  first.disable();
  await after.call();
  await after.close();
  second.disable();
  expect([one.tools, two.tools]).toEqual([
    ['first', 'first', 'first', 'first'],
    ['second', 'second', 'second', 'second', 'second', 'second'],
  ]);
  for (const { events } of [one, two]) {
    expect(events[0]).toBe('started');
    expect(events.filter((each) => each === 'started')).toHaveLength(1);
    expect(events.filter((each) => each === 'stopped')).toEqual(['stopped']);
    expect(events.at(-1)).toBe('stopped');
  }
  expect(two.events).toContain('config.changed');
  expect(registered.events).toEqual([]);
});

it('two instrumentations with providers of their own leave one trail without holes in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-providers-'));
  const { path: signingKeyFile } = newKeyFile(folder);
  const audit = { delivery: ['otel', 'file'], file: join(folder, 'audit.jsonl'), signingKeyFile } as const;
  const providers = [new Provider(), new Provider()];
  for (const { provider } of providers) {
    const each = new McpInstrumentation({ audit });
    made.push(each);
    each.setLoggerProvider(provider);
    await call(`tool_${made.length}`);
  }
  for (const each of made) each.disable();
  const lines = readFileSync(audit.file, 'utf8').trim().split('\n');
  expectChained(lines);
  const events = lines.map((line) => JSON.parse(line).event_name.replace('mcp_audit.', ''));
  expect(events.filter((each) => each === 'stopped')).toHaveLength(2);
  for (const { events } of providers) {
    expect(events[0]).toBe('started');
    expect(events.filter((each) => each === 'started')).toHaveLength(1);
    expect(events.slice(-2)).toEqual(['stopped', 'checkpoint']);
  }
  const all = new Set(providers.flatMap(({ records }) => records.map((each) => each['audit.sequence.number'])));
  expect(all.size).toBe(lines.length);
  rmSync(folder, { recursive: true });
});

it('what is instrumented manually does not use an instrumentation’s provider', async () => {
  const own = new Provider();
  const each = instrumentation(own);
  recordConfigChange({ item: 'mine' });
  // Instances of a class that the instrumentation does not know, as in a bundle.
  const { Client: BundledClient } = await import('@modelcontextprotocol/sdk/client/index.js');
  const client = new BundledClient({ name: 'bundled', version: '1' });
  const handle = instrumentClient(client, config);
  const server = new McpServer({ name: 'server', version: '1' });
  server.registerTool('by_hand', {}, () => ({ content: [] }));
  const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
  await server.connect(serverTransport);
  await client.connect(clientTransport);
  await client.callTool({ name: 'by_hand', arguments: {} });
  expect([own.tools, registered.tools]).toEqual([['by_hand'], ['by_hand']]);
  await client.close();
  handle.disable();
  each.disable();
  for (const { events } of [own, registered]) {
    expect([events[0], events.at(-1)]).toEqual(['started', 'stopped']);
  }
});

it('the API’s proxy does not count as a provider', async () => {
  const each = instrumentation();
  each.setLoggerProvider(Object.assign(Object.create({ _getDelegate() {} }), { getLogger: () => ({ emit() {} }) }));
  await call('proxied');
  expect(registered.tools).toEqual(['proxied', 'proxied']);
});
