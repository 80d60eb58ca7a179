/** `audit.fileSync: 'disk'` on real clients and servers: messages wait for their records, in order. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpFlavour } from '../support/http.js';
import { answer, ELICITATION } from '../support/questions.js';
import { pairThatAsks } from '../support/rounds.js';
import { Telemetry, until } from '../support/telemetry.js';

type Callback = (error: Error | null) => void;

/** The disk: what it was asked to sync waits in `held` while it is slow. */
const disk = vi.hoisted(() => ({
  isSlow: false,
  error: null as Error | null,
  held: [] as (() => void)[],
  syncs: 0,
}));

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof import('node:fs')>();
  const fdatasync = (descriptor: number, callback: Callback) => {
    disk.syncs += 1;
    const sync = () => (disk.error === null ? actual.fdatasync(descriptor, callback) : callback(disk.error));
    if (disk.isSlow) disk.held.push(sync);
    else sync();
  };
  return { ...actual, fdatasync };
});

/** Lets everything go on that waits for the disk, and leaves it slow. */
function release(): void {
  for (const sync of disk.held.splice(0)) sync();
}

const telemetry = new Telemetry();
const folder = fs.mkdtempSync(join(tmpdir(), 'mcp-trail-sync-'));
let files = 0;
let stderr: string[] = [];

beforeEach(() => {
  telemetry.reset();
  Object.assign(disk, { isSlow: false, error: null, held: [], syncs: 0 });
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await telemetry.shutdown();
  fs.rmSync(folder, { recursive: true });
});

const OFF = { enabled: false };
type Side = 'client' | 'server';

async function connected(flavour: Flavour | HttpFlavour, side: Side, more: object = {}) {
  files += 1;
  const file = join(folder, `${files}.jsonl`);
  const config = { audit: { delivery: 'file', file, fileSync: 'disk', ...more } } as never;
  const seen: string[] = [];
  const handler = ({ n }: { n: string }) => {
    seen.push(n);
    return text(n);
  };
  const configure = (mcp: any) => {
    const shape = { n: z.string() };
    mcp.registerTool('work', { inputSchema: flavour.sdk === 'v1' ? shape : z.object(shape) }, handler);
  };
  const pair: any =
    'sessions' in flavour
      ? await flavour.pair({
          clientConfig: side === 'client' ? config : OFF,
          serverConfig: side === 'server' ? config : OFF,
          configure,
        })
      : await flavour.pair({ config, instrument: side, configure });
  const outcomes: unknown[] = [];
  const call = (n: string): Promise<void> =>
    pair.client.callTool({ name: 'work', arguments: { n } }).then(
      (result: any) => void outcomes.push(result.content[0].text),
      ({ code, data }: any) => void outcomes.push({ code, data }),
    );
  const records = () =>
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"tools/call"')).length;
  return { ...pair, file, call, outcomes, seen, records } as {
    readonly client: any;
    readonly server: any;
    readonly outcomes: unknown[];
    readonly seen: string[];
    call(n: string): Promise<void>;
    records(): number;
    close(): Promise<void>;
  };
}

const PLACES = [...FLAVOURS, ...HTTP_FLAVOURS].map((flavour) => ({
  where: 'sessions' in flavour ? `${flavour.name} over HTTP` : flavour.name,
  flavour,
}));
const REFUSED = { code: -32603, data: { reason: 'audit_unavailable' } };

describe.each(PLACES)('on $where', ({ flavour }) => {
  it('a server handles a call once its first record is on disk, and answers once its last one is', async () => {
    const pair = await connected(flavour, 'server');
    disk.isSlow = true;
    const called = pair.call('a');
    await until(() => disk.held.length === 1, 'the first sync');
    expect([pair.records(), pair.seen, pair.outcomes]).toEqual([1, [], []]);
    release();
    await until(() => disk.held.length === 1 && pair.records() === 2, 'the second sync');
    expect([pair.seen, pair.outcomes]).toEqual([['a'], []]);
    disk.isSlow = false;
    release();
    await called;
    expect(pair.outcomes).toEqual(['a']);
    await expectNothingOpen(telemetry);
    await pair.close();
  });

  it('a client sends a call once its first record is on disk', async () => {
    const pair = await connected(flavour, 'client');
    disk.isSlow = true;
    const called = pair.call('a');
    await until(() => disk.held.length === 1, 'the first sync');
    expect([pair.records(), pair.seen]).toEqual([1, []]);
    disk.isSlow = false;
    release();
    await called;
    expect([pair.outcomes, pair.seen]).toEqual([['a'], ['a']]);
    await expectNothingOpen(telemetry);
    await pair.close();
  });

  it.each(['server', 'client'] as const)(
    'a sync that fails costs the call with block, and not without, for a %s',
    async (side) => {
      for (const [onFailure, outcome] of [
        ['allow', 'a'],
        ['block', REFUSED],
      ] as const) {
        const pair = await connected(flavour, side, { onFailure });
        disk.error = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
        await pair.call('a');
        disk.error = null;
        expect([pair.outcomes, pair.seen.length]).toEqual([[outcome], onFailure === 'allow' ? 1 : 0]);
        await pair.call('b');
        expect(pair.outcomes.at(-1)).toBe('b');
        await expectNothingOpen(telemetry);
        await pair.close();
      }
      expect(stderr.filter((line) => line.includes('EIO')).length).toBe(2);
    },
  );
});

describe.each(FLAVOURS)('in memory, on $name', (flavour) => {
  it('messages keep their order behind one that waits', async () => {
    const pair = await connected(flavour, 'server');
    const { seen } = pair;
    const kinds: string[] = [];
    pair.server.fallbackNotificationHandler = async ({ params }: any) => void kinds.push(params?.n ?? '');
    disk.isSlow = true;
    const first = pair.call('a');
    await until(() => disk.held.length === 1, 'the first sync');
    await pair.client.notification({ method: 'notifications/acme', params: { n: 'told' } }).catch(() => {});
    const second = pair.call('b');
    await new Promise(setImmediate);
    expect([seen, kinds]).toEqual([[], []]);
    disk.isSlow = false;
    release();
    await Promise.all([first, second]);
    expect([seen, pair.outcomes]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await pair.close();
  });

  it('what is called at once shares syncs', async () => {
    const pair = await connected(flavour, 'server');
    disk.syncs = 0;
    await Promise.all(Array.from({ length: 20 }, (_, n) => pair.call(String(n))));
    expect(pair.outcomes).toHaveLength(20);
    expect(disk.syncs).toBeLessThan(20);
    await pair.close();
  });

  it('a server that closes does so after the answers that wait', async () => {
    const pair = await connected(flavour, 'server');
    disk.isSlow = true;
    const called = pair.call('a');
    await until(() => disk.held.length === 1, 'the first sync');
    release();
    await until(() => disk.held.length === 1 && pair.records() === 2, 'the second sync');
    const closed = pair.server.close();
    await new Promise(setImmediate);
    expect(pair.outcomes).toEqual([]);
    disk.isSlow = false;
    release();
    await Promise.all([called, closed]);
    expect(pair.outcomes).toEqual(['a']);
    await pair.close();
  });
});

describe('a message that waits', () => {
  const flavour = FLAVOURS[0] as Flavour;

  it('waits for 2 seconds at most, and a line on stderr says so', async () => {
    const pair = await connected(flavour, 'server');
    disk.isSlow = true;
    const before = performance.now();
    await pair.call('a');
    expect(pair.outcomes).toEqual(['a']);
    expect(performance.now() - before).toBeGreaterThan(1900);
    disk.isSlow = false;
    release();
    await pair.close();
    expect(stderr.filter((line) => line.includes('were not on disk within 2 s'))).toHaveLength(1);
  });

  it('is not delivered if its client has gone by then', async () => {
    const pair = await connected(flavour, 'server');
    disk.isSlow = true;
    const called = pair.call('a');
    await until(() => disk.held.length === 1, 'the first sync');
    // As a transport does whose other end is gone.
    pair.server.transport.onclose();
    disk.isSlow = false;
    release();
    await pair.close();
    await called;
    await expectNothingOpen(telemetry);
    expect(pair.seen).toEqual([]);
  });

  it('can be a question within a result', async () => {
    files += 1;
    const audit = { delivery: 'file', file: join(folder, `${files}.jsonl`), fileSync: 'disk' };
    const asked = deferred<void>();
    const pair = await pairThatAsks([[ELICITATION]], {
      config: { audit } as never,
      instrument: 'client',
      configureClient: (client) => answer(client, DIALECTS.v2, ELICITATION, async () => asked.resolve()),
    });
    const called = DIALECTS.v2.callTool(pair.client, 'deploy');
    await asked.promise;
    await called;
    await pair.close();
  });

  it('does not exist without the option', async () => {
    const pair = await connected(flavour, 'server', { fileSync: 'os' });
    await pair.call('a');
    expect([pair.outcomes, disk.syncs]).toEqual([['a'], 0]);
    await pair.close();
  });
});
