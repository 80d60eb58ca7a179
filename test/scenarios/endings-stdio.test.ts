import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { instrumentClient } from '../../src/index.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { endedSessions, expectEndings, failed, scenarioTelemetry } from '../support/endings.js';

const telemetry = scenarioTelemetry();

const INFO = { name: 'test-client', version: '1.0.0' };
const ROWS = [
  { name: 'v1', sdk: 'v1', legacy: true, client: () => new ClientV1(INFO), Transport: StdioV1 },
  { name: 'v2 legacy', sdk: 'v2', legacy: true, client: () => new ClientV2(INFO), Transport: StdioV2 },
  {
    name: 'v2 2026-07-28',
    sdk: 'v2',
    legacy: false,
    client: () => new ClientV2(INFO, { versionNegotiation: { mode: 'auto' } }),
    Transport: StdioV2,
  },
] as const;

describe.each(ROWS)('a request to a server process, on $name', (row) => {
  const dialect = DIALECTS[row.sdk];

  async function connect() {
    const client: any = row.client();
    const script = fileURLToPath(new URL(`../fixtures/stdio-server-${row.sdk}.mjs`, import.meta.url));
    const transport: any = new row.Transport({ command: process.execPath, args: [script] });
    instrumentClient(client);
    await client.connect(transport);
    return { client, transport };
  }

  /** Calls the tool that never answers. Resolves when it runs. */
  async function callHanging(client: any): Promise<{ result: Promise<unknown> }> {
    const running = deferred();
    const result = dialect.callTool(client, 'hang', { onprogress: () => running.resolve() });
    await Promise.race([running.promise, result]);
    return { result };
  }

  it('ends as connection_closed when the process is killed, and so does the session', async () => {
    const { client, transport } = await connect();
    const { result } = await callHanging(client);
    process.kill(transport.pid, 'SIGKILL');
    await expect(result).rejects.toThrow('Connection closed');
    await expectEndings(telemetry, 'tools/call hang', { client: failed('connection_closed') });
    expect(await endedSessions(telemetry, 'client')).toEqual(row.legacy ? ['connection_closed'] : []);
    await client.close();
  });
});
