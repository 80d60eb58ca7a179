/** A stdio client: only the instrumented one has hooks, and the processes that it starts. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { instrumentClient } from '../../src/index.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { Telemetry } from '../support/telemetry.js';
import { ROOT } from './child.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

const CALL = { name: 'echo', arguments: { value: 'hi' } };

function transportToServer(): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: ['test/fixtures/safety-server-v2.mjs'],
    cwd: ROOT,
    stderr: 'ignore',
  });
}

function newClient(): Client {
  // Probes the server's protocol era in a separate process.
  return new Client({ name: 'safety', version: '1' }, { versionNegotiation: { mode: 'auto' } });
}

it('another client of the same class is not observed, and nothing is left after disabling', async () => {
  const { prototype } = StdioClientTransport;
  const classBefore = Object.getOwnPropertyDescriptors(prototype);
  const [plain, observed] = [transportToServer(), transportToServer()];
  const [plainClient, observedClient] = [newClient(), newClient()];
  // Options that several clients share, and no options, which use the pipeline of the process.
  const handle = instrumentClient(observedClient);
  await observedClient.connect(observed);
  expect(telemetry.all('client', 'server/discover')).toHaveLength(1);
  telemetry.reset();
  await plainClient.connect(plain);
  await plainClient.callTool(CALL);
  expect(telemetry.spans).toEqual([]);
  await observedClient.callTool(CALL);
  expect(telemetry.all('client', 'tools/call echo')).toHaveLength(1);

  handle.disable();
  telemetry.reset();
  await observedClient.callTool(CALL);
  expect(telemetry.spans).toEqual([]);
  expect(Reflect.ownKeys(observed).sort()).toEqual(Reflect.ownKeys(plain).sort());
  expect(observed.constructor).toBe(StdioClientTransport);
  expect(Object.getOwnPropertyDescriptors(prototype)).toEqual(classBefore);

  const late = newClient();
  const lateTransport = transportToServer();
  await late.connect(lateTransport);
  expect(telemetry.spans).toEqual([]);
  await Promise.all([plainClient, observedClient, late].map((client) => client.close()));
});

it('the parameters of its server stay unchanged, whatever its child process gets', async () => {
  const params = Object.freeze({
    command: process.execPath,
    args: Object.freeze(['test/fixtures/safety-server-v2.mjs']) as string[],
    cwd: ROOT,
    env: Object.freeze({ PATH: process.env['PATH'] ?? '' }),
    stderr: 'ignore' as const,
  });
  const config: McpInstrumentationConfig = { propagateToChildProcesses: true };
  const client = newClient();
  instrumentClient(client, config);
  await client.connect(new StdioClientTransport(params));
  const { content } = await client.callTool(CALL);
  expect(content).toEqual([{ type: 'text', text: 'hi' }]);
  expect(params.env).toEqual({ PATH: process.env['PATH'] });
  await client.close();
});
