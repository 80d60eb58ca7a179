/** `audit.onFailure` on real clients and servers: with `block`, what cannot be recorded does not happen. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { instrumentHandler } from '../../src/index.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpFlavour, listen } from '../support/http.js';
import { answer, ELICITATION } from '../support/questions.js';
import { pairThatAsks } from '../support/rounds.js';
import { Telemetry } from '../support/telemetry.js';
import { pairWithTask } from './task-pair.js';

const telemetry = new Telemetry();
const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-block-'));
let files = 0;
let stderr: string[] = [];

beforeEach(() => {
  telemetry.reset();
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    stderr.push(String(line));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await telemetry.shutdown();
  rmSync(folder, { recursive: true });
});

/** A trail that can be broken and mended. */
interface Place {
  readonly audit: object;
  breakIt(): void;
  mend(): void;
  lines(): string[];
}

function newFile(): string {
  files += 1;
  return join(folder, `${files}`, 'secret-name.jsonl');
}

const inFile = (file: string, breakIt: () => void, mend: () => void): Place => ({
  audit: { delivery: 'file', file },
  breakIt,
  mend,
  lines: () => readFileSync(file, 'utf8').trim().split('\n'),
});

const PLACES: Readonly<Record<string, () => Place>> = {
  'a file whose folder is gone': () => {
    const file = newFile();
    const kept = `${dirname(file)}.kept`;
    const breakIt = () => {
      renameSync(dirname(file), kept);
      writeFileSync(dirname(file), '');
    };
    const mend = () => {
      unlinkSync(dirname(file));
      renameSync(kept, dirname(file));
    };
    return inFile(file, breakIt, mend);
  },
  'a file with a folder in its place': () => {
    const file = newFile();
    const breakIt = () => {
      renameSync(file, `${file}.kept`);
      mkdirSync(file);
    };
    const mend = () => {
      rmdirSync(file);
      renameSync(`${file}.kept`, file);
    };
    return inFile(file, breakIt, mend);
  },
  'a durable sink on a full disk': () => {
    let isBroken = false;
    const kept: string[] = [];
    const accept = (_record: unknown, line: string) => {
      if (isBroken) throw Object.assign(new Error('/secret-name is full'), { code: 'ENOSPC' });
      kept.push(line);
    };
    return {
      audit: { sinks: [{ name: 'own', durable: true, accept }] },
      breakIt: () => {
        isBroken = true;
      },
      mend: () => {
        isBroken = false;
      },
      lines: () => kept,
    };
  },
};

const OFF = { enabled: false };

/** A client and a server, one of which keeps the trail. */
async function connected(flavour: Flavour | HttpFlavour, side: 'client' | 'server', audit: object) {
  const config = { audit } as never;
  let runs = 0;
  const handler = () => {
    runs += 1;
    return text('ok');
  };
  const isHttp = 'sessions' in flavour;
  const pair = isHttp
    ? await flavour.pair({
        clientConfig: side === 'client' ? config : OFF,
        serverConfig: side === 'server' ? config : OFF,
        configure: (server) => server.registerTool('work', {}, handler),
      })
    : await flavour.pair({ config, instrument: side, tools: [{ name: 'work', handler }] });
  const call = () => pair.client.callTool({ name: 'work', arguments: {} });
  return { ...pair, call, runs: () => runs };
}

/** What a caller gets, in short. */
async function outcomeOf(call: Promise<any>): Promise<unknown> {
  try {
    return (await call).content?.[0]?.text ?? 'answered';
  } catch (error) {
    const { code, data, message } = error as { code: unknown; data: unknown; message: string };
    expect(message).not.toContain('secret');
    return { code, data };
  }
}

/** How many calls the metrics of durations have as refused, so far. */
async function refusedCalls(): Promise<number> {
  const isOne = ({ metric, attributes }: any) =>
    metric.endsWith('operation.duration') && attributes['error.type'] === 'audit_unavailable';
  return (await telemetry.series()).filter(isOne).reduce((sum, { count }: any) => sum + count, 0);
}

const REFUSED = { code: -32603, data: { reason: 'audit_unavailable' } };

function recordsIn(lines: readonly string[], method = 'tools/call'): string[] {
  expectChained([...lines]);
  return lines
    .map(parse)
    .filter((each) => each['mcp.method.name'] === method)
    .map((each) => `${each.event_name.replace('mcp_audit.', '')} ${each['mcp_audit.status'] ?? ''}`.trim());
}

const gapsIn = (lines: readonly string[]): AuditRecord[] =>
  lines.map(parse).filter(({ event_name }) => event_name === 'mcp_audit.gap');

const ROWS = [...FLAVOURS, ...HTTP_FLAVOURS].flatMap((flavour) =>
  (['client', 'server'] as const).flatMap((side) =>
    Object.entries(PLACES).flatMap(([what, place], nth) =>
      // Over HTTP, one file and one sink.
      ('sessions' in flavour && nth === 0 ? [] : (['allow', 'block'] as const)).map((onFailure) => {
        const where = 'sessions' in flavour ? `${flavour.name} over HTTP` : flavour.name;
        return { where, flavour, side, what, place, onFailure };
      }),
    ),
  ),
);

describe('a call whose record cannot be kept', () => {
  it.each(ROWS)('on $where, $side, $what: $onFailure', async ({ flavour, side, place, onFailure }) => {
    const { audit, breakIt, mend, lines } = place();
    const pair = await connected(flavour, side, { ...audit, onFailure });
    const outcomes = [await outcomeOf(pair.call())];
    telemetry.reset();
    const refusedBefore = await refusedCalls();
    breakIt();
    outcomes.push(await outcomeOf(pair.call()));
    await expectNothingOpen(telemetry);
    const ended = telemetry.all(side, 'tools/call work').map((span) => span.attributes['error.type']);
    const measured = (await refusedCalls()) - refusedBefore;
    mend();
    outcomes.push(await outcomeOf(pair.call()));
    await pair.close();
    const blocks = onFailure === 'block';
    expect(outcomes).toEqual(['ok', blocks ? REFUSED : 'ok', 'ok']);
    expect(pair.runs()).toBe(blocks ? 2 : 3);
    expect(ended).toEqual([blocks ? 'audit_unavailable' : undefined]);
    expect(measured).toBe(blocks ? 1 : 0);
    expect(recordsIn(lines())).toEqual(['request', 'response ok', 'request', 'response ok']);
    expect(gapsIn(lines()).map((gap) => gap['mcp_audit.gap.records'])).toEqual([2]);
    expect(stderr.filter((line) => line.includes('secret-name is full'))).toEqual([]);
  });
});

const FLAVOUR = FLAVOURS[0] as Flavour;
const place = (name = 'a durable sink on a full disk') => (PLACES[name] as () => Place)();
const blocking = (broken: Place, more: object = {}) => ({ ...broken.audit, onFailure: 'block', ...more });

describe.each(FLAVOURS)('with block, on $name', (flavour) => {
  it('nothing is sent for a refused call, and what the client gets is a plain Error', async () => {
    const broken = place();
    const pair = await connected(flavour, 'client', blocking(broken));
    const sent: unknown[] = [];
    const arrived = pair.client.transport._otherTransport;
    const { onmessage } = arrived;
    arrived.onmessage = (message: unknown, extra: unknown) => {
      sent.push(message);
      onmessage(message, extra);
    };
    broken.breakIt();
    const error = await pair.call().catch((caught: unknown) => caught);
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(sent).toEqual([]);
    broken.mend();
    await pair.close();
  });

  it('refuses what is listed and connected to, too', async () => {
    const broken = place();
    broken.breakIt();
    const connecting = connected(flavour, 'client', blocking(broken));
    await expect(connecting).rejects.toThrow('Refused: the audit record of this request cannot be kept');
    broken.mend();
    const pair = await connected(flavour, 'server', blocking(broken));
    broken.breakIt();
    expect(await outcomeOf(pair.client.listTools())).toEqual(REFUSED);
    broken.mend();
    await pair.close();
  });

  it('lets notifications pass, which count as gaps', async () => {
    const broken = place();
    const pair = await connected(flavour, 'server', blocking(broken));
    const before = gapsIn(broken.lines()).length;
    broken.breakIt();
    await (pair as any).server.sendToolListChanged();
    broken.mend();
    await pair.call();
    await pair.close();
    expect(gapsIn(broken.lines())).toHaveLength(before + 1);
  });
});

describe('with block, a listen stream', () => {
  const listens = (config: object) => {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 's', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
      server.registerTool('noop', {}, () => ({ content: [] }));
      return server;
    });
    instrumentHandler(handler, config);
    return handler;
  };

  it('is refused over HTTP', async () => {
    const broken = place();
    const handler = listens({ audit: blocking(broken) });
    const { http, url } = await listen(toNodeHandler(handler) as never);
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(url));
    broken.breakIt();
    expect(await outcomeOf(client.listen({ toolsListChanged: true }))).toEqual(REFUSED);
    broken.mend();
    await client.close();
    await handler.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  it('that is too long to be read is refused over HTTP', async () => {
    const handler = listens({ audit: blocking(place()) });
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { x: 'x'.repeat(5_000_000) },
    });
    const headers = { 'content-type': 'application/json', 'mcp-method': 'subscriptions/listen' };
    const answer = await handler.fetch(new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body }));
    expect(await answer.json()).toMatchObject({
      id: null,
      error: { code: -32603, data: { reason: 'audit_unavailable' } },
    });
    await handler.close();
  });

  it('is refused on stdio', async () => {
    const broken = place();
    const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as Flavour;
    const pair = await connected(modern, 'server', blocking(broken));
    broken.breakIt();
    expect(await outcomeOf(pair.client.listen({ toolsListChanged: true }))).toEqual(REFUSED);
    broken.mend();
    await pair.close();
  });
});

describe('with block', () => {
  it('ping passes, which has no record', async () => {
    const broken = place();
    const pair = await connected(FLAVOUR, 'server', blocking(broken));
    broken.breakIt();
    expect(await pair.client.ping()).toEqual({});
    broken.mend();
    await pair.close();
  });

  it('what a server asks its client is refused on either side', async () => {
    for (const side of ['client', 'server'] as const) {
      const broken = place();
      let asked = 0;
      let told: unknown;
      const handler = async (_args: unknown, { raw }: { raw: any }) => {
        broken.breakIt();
        told = await outcomeOf(raw.sendRequest({ method: 'roots/list' }, z.looseObject({})));
        broken.mend();
        return text('ok');
      };
      const pair = await FLAVOUR.pair({
        config: { audit: blocking(broken) } as never,
        instrument: side,
        tools: [{ name: 'asks', handler }],
        clientOptions: { capabilities: { roots: {} } },
        configureClient: (client) =>
          answer(client, DIALECTS.v1, { method: 'roots/list' } as never, async () => {
            asked += 1;
          }),
      });
      await pair.client.callTool({ name: 'asks', arguments: {} });
      await pair.close();
      expect([told, asked], side).toEqual([REFUSED, 0]);
    }
  });

  it('a question of a task is refused before it is queued, and the task goes on', async () => {
    const broken = place();
    let told: unknown;
    const { client, close } = await pairWithTask({
      questions: [ELICITATION],
      config: { audit: blocking(broken) } as never,
      work: async ({ ask }) => {
        broken.breakIt();
        told = await outcomeOf(ask(ELICITATION));
        broken.mend();
      },
    });
    const stream = client.experimental.tasks.callToolStream({ name: 'research' }, undefined as never, { task: {} });
    const kinds: string[] = [];
    for await (const { type } of stream) kinds.push(type);
    expect(told).toEqual(REFUSED);
    expect(kinds.at(-1)).toBe('result');
    await close();
  });

  it('a call that would make a task is refused, and no task is made', async () => {
    const broken = place();
    let made = 0;
    const { client, close } = await pairWithTask({
      config: { audit: blocking(broken) } as never,
      work: async () => {
        made += 1;
      },
    });
    broken.breakIt();
    const stream = client.experimental.tasks.callToolStream({ name: 'research' }, undefined as never, { task: {} });
    const last = { error: undefined as any };
    for await (const message of stream) if (message.type === 'error') last.error = message.error;
    expect([last.error?.data ?? last.error?.message, made]).toEqual([expect.anything(), 0]);
    broken.mend();
    await close();
  });

  it('a question within a result is not put to its handler, and the call rejects', async () => {
    const broken = place();
    let asked = 0;
    const pair = await pairThatAsks([[ELICITATION]], {
      config: { audit: blocking(broken) } as never,
      instrument: 'client',
      configureClient: (client) =>
        answer(client, DIALECTS.v2, ELICITATION, async () => {
          asked += 1;
        }),
      wrapTransports: (client, server) => {
        const send = server.send.bind(server);
        server.send = (message: any, options: unknown) => {
          if (message.result?.resultType === 'input_required') broken.breakIt();
          return send(message, options);
        };
        return [client, server];
      },
    });
    expect([await outcomeOf(DIALECTS.v2.callTool(pair.client, 'deploy')), asked]).toEqual([REFUSED, 0]);
    broken.mend();
    await pair.close();
  });

  it('a question within a result is refused if its operation cannot be started, and goes on without block', async () => {
    const tracer = Object.getPrototypeOf(telemetry.tracerProvider.getTracer('any'));
    const { startSpan } = tracer;
    vi.spyOn(tracer, 'startSpan').mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (String(args[0]).startsWith('elicitation')) throw new Error('no span');
      return startSpan.apply(this, args);
    });
    const asked: Record<string, unknown> = {};
    for (const onFailure of ['block', 'allow'] as const) {
      asked[onFailure] = 0;
      const pair = await pairThatAsks([[ELICITATION]], {
        config: { audit: { ...blocking(place()), onFailure } } as never,
        instrument: 'client',
        configureClient: (client) =>
          answer(client, DIALECTS.v2, ELICITATION, async () => {
            asked[onFailure] = 1;
          }),
      });
      const outcome = await outcomeOf(DIALECTS.v2.callTool(pair.client, 'deploy'));
      expect(outcome).toEqual(onFailure === 'block' ? REFUSED : 'done');
      await pair.close();
    }
    expect(asked).toEqual({ block: 0, allow: 1 });
  });

  it('each request of a batch is refused for itself', async () => {
    const { http, url, close, runs, broken } = await batchServer();
    broken.breakIt();
    const calls = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'work' } }));
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify([...calls, { jsonrpc: '2.0', id: 3, method: 'ping' }]),
    });
    const answers = (await response.text())
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => JSON.parse(line.slice(5)));
    const error = { code: -32603, message: expect.stringMatching(/^Refused/), data: { reason: 'audit_unavailable' } };
    expect(answers.sort((a, b) => a.id - b.id)).toEqual([
      { jsonrpc: '2.0', id: 1, error },
      { jsonrpc: '2.0', id: 2, error },
      { jsonrpc: '2.0', id: 3, result: {} },
    ]);
    expect([runs(), response.status, http.listening]).toEqual([0, 200, true]);
    broken.mend();
    await close();
  });

  it('a request goes on if one of two durable places has its record, and not with a promise alone', async () => {
    const broken = place();
    const other = place();
    const promising = { name: 'promising', durable: true, accept: () => Promise.resolve() };
    const sinks = [...(broken.audit as any).sinks, { ...(other.audit as any).sinks[0], name: 'other' }, promising];
    const pair = await connected(FLAVOUR, 'server', { sinks, onFailure: 'block' });
    broken.breakIt();
    expect(await outcomeOf(pair.call())).toBe('ok');
    other.breakIt();
    expect(await outcomeOf(pair.call())).toEqual(REFUSED);
    broken.mend();
    other.mend();
    await pair.close();
  });
});

async function batchServer() {
  const broken = place();
  let runs = 0;
  const flavour = HTTP_FLAVOURS.find(({ name }) => name === 'v1 without sessions') as HttpFlavour;
  const pair = await flavour.pair({
    clientConfig: OFF,
    serverConfig: { audit: blocking(broken) } as never,
    configure: (server) =>
      server.registerTool('work', {}, () => {
        runs += 1;
        return text('ok');
      }),
  });
  const { port } = pair.http.address() as { port: number };
  return { ...pair, broken, runs: () => runs, url: `http://127.0.0.1:${port}/mcp` };
}
