/** Card numbers as JSON numbers, without a name or quotation marks beside them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Instrumented, instrumentClient, instrumentServer } from '../../src/index.js';
import { DIALECTS } from '../support/dialects.js';
import { FLAVOURS } from '../support/flavours.js';
import { PERSONAL } from './canary/kinds.js';
import { Outputs } from './canary/outputs.js';
import { Sweep } from './canary/sweep.js';

const directory = mkdtempSync(join(tmpdir(), 'mcp-trail-canary-'));
const outputs = new Outputs(directory);
afterAll(async () => {
  await outputs.shutdown();
  rmSync(directory, { recursive: true, force: true });
});

const CARD = PERSONAL.find(({ name }) => name === 'card number') as (typeof PERSONAL)[number];
const FIELDS = ['argument', 'code of an error', 'progress', 'request id', 'result', 'text of a number'];

it.each(FLAVOURS)('no card number leaves on $name', async (flavour) => {
  const sweep = new Sweep(CARD, flavour.name);
  const number = (field: string) => Number(sweep.plant(field));
  const dialect = DIALECTS[flavour.sdk];
  const config = {
    audit: { delivery: ['otel', 'file'] as const, file: join(directory, 'audit.jsonl') },
    captureArguments: true,
    captureResults: true,
  };
  const handles: Instrumented[] = [];
  const pair = await flavour.pair({
    instrument: 'none',
    configure: (mcp) => {
      handles.push(instrumentServer(mcp, config));
      dialect.onRequest(mcp.server, 'tools/call', ({ name }) => {
        if (name === 'refusing') throw dialect.error(number('code of an error'), 'no');
        return { content: [], structuredContent: { paid: number('result'), text: sweep.plant('text of a number') } };
      });
    },
    configureClient: (client) => handles.push(instrumentClient(client, config)),
    wrapTransports: (client, server) => {
      for (const transport of [client, server]) {
        const { send } = transport;
        transport.send = (message: unknown, ...rest: unknown[]) => {
          sweep.sent(message);
          return send.call(transport, message, ...rest);
        };
      }
      return [client, server];
    },
  });
  await dialect.request(pair.client, 'tools/call', { name: 'paying', arguments: { pay: number('argument') } });
  await expect(dialect.request(pair.client, 'tools/call', { name: 'refusing', arguments: {} })).rejects.toThrow();
  const jsonrpc = '2.0';
  const params = { name: 'paying', arguments: {} };
  await pair.clientTransport.send({ jsonrpc, id: number('request id'), method: 'tools/call', params });
  await pair.clientTransport.send({
    jsonrpc,
    method: 'notifications/progress',
    params: { progressToken: 1, progress: number('progress') },
  });
  await pair.close();
  for (const handle of handles) handle.disable();

  expect(sweep.fields).toEqual(FIELDS);
  expect(sweep.notSent).toEqual([]);
  const found = await outputs.take();
  // A bare number counts as an id in an id field.
  expect([...new Set(sweep.hits(found).map(({ field }) => field))]).toEqual(['request id']);
  expect(found.get('spans')).toContain('[REDACTED:card]');
});
