/** The second place of checkpoints: a file, a URL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SecondPlace } from '../../../src/audit/checkpoints.js';
import { until } from '../../support/telemetry.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-second-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = () => {
  folders += 1;
  return join(folder, `${folders}`);
};

let stderr: string[];
let secondPlaceOf: typeof import('../../../src/audit/second-place.js').secondPlaceOf;
let sendLastCheckpoints: () => void;
let pendingWork: (isLast: boolean) => Promise<unknown>[];
beforeEach(async () => {
  // Places that lines wait for are those of the thread.
  vi.resetModules();
  ({ secondPlaceOf } = await import('../../../src/audit/second-place.js'));
  ({ sendLastCheckpoints } = await import('../../../src/audit/second-place-url.js'));
  ({ pendingWork } = await import('../../../src/lifecycle/pending-work.js'));
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

const place = (stated: string, placeholders = {}, auditFile?: string) =>
  secondPlaceOf({ stated, source: 'option audit.checkpoints', placeholders, auditFile }) as SecondPlace;

describe('a file', () => {
  it('gets each line, byte for byte, and is for its owner alone, as its folders are', () => {
    const path = join(newFolder(), 'deep', 'checkpoints.jsonl');
    const file = place(path);
    file.put('{"one":"\u2014 \\n"}');
    file.put('{"two":2}');
    expect(readFileSync(path, 'utf8')).toBe('{"one":"\u2014 \\n"}\n{"two":2}\n');
    expect([path, join(path, '..')].map((each) => statSync(each).mode & 0o777)).toEqual([0o600, 0o700]);
    expect(stderr).toEqual([]);
  });

  it('can have the process and the service in its name', () => {
    const made = newFolder();
    place(join(made, '{service}-{pid}.jsonl'), { pid: '7', service: '../weather' }).put('{}');
    expect(readFileSync(join(made, '__/weather-7.jsonl'.replace('/', '_')), 'utf8')).toBe('{}\n');
  });

  it('that is moved is made again with the next line', () => {
    const path = join(newFolder(), 'checkpoints.jsonl');
    const file = place(path);
    file.put('{"one":1}');
    rmSync(path);
    file.put('{"two":2}');
    expect(readFileSync(path, 'utf8')).toBe('{"two":2}\n');
  });

  const BROKEN: Readonly<Record<string, { readonly path: () => string; readonly code: string }>> = {
    'a full disk': { path: () => '/dev/full', code: 'ENOSPC' },
    'a folder': { path: () => folder, code: 'EISDIR' },
    'a link': {
      path() {
        const made = newFolder();
        mkdirSync(made);
        symlinkSync('/dev/null', join(made, 'link'));
        return join(made, 'link');
      },
      code: 'ELOOP',
    },
  };

  it.each(Object.entries(BROKEN))('that is %s is reported once, and does not throw', (_, { path, code }) => {
    const file = place(path());
    for (let times = 0; times < 3; times++) file.put('{}');
    expect(stderr).toHaveLength(1);
    expect(stderr[0]).toMatch(/^mcp-trail: checkpoints .* not in the second place: option audit\.checkpoints: /);
    expect(stderr[0]).toContain(code);
  });

  it('that others can write to is used, and reported', () => {
    const path = join(newFolder(), 'checkpoints.jsonl');
    place(path).put('{}');
    chmodSync(path, 0o666);
    place(path).put('{}');
    expect(readFileSync(path, 'utf8')).toBe('{}\n{}\n');
    expect(stderr).toEqual([expect.stringContaining('has the mode 0666')]);
  });

  it('that is the audit file itself is refused, by whatever way it is reached', () => {
    const made = newFolder();
    mkdirSync(made);
    symlinkSync(made, `${made}-link`);
    const placeholders = { service: 'weather' };
    for (const stated of [join(made, 'weather.jsonl'), join(`${made}-link`, '{service}.jsonl')]) {
      expect(place(stated, placeholders, join(made, '{service}.jsonl'))).toBeUndefined();
    }
    expect(stderr).toHaveLength(2);
    expect(stderr[0]).toContain('is the audit file itself, where they prove nothing; accepted: another file');
    expect(place(join(made, 'other.jsonl'), placeholders, join(made, '{service}.jsonl'))).toBeDefined();
  });

  it.each(['/srv/{what}.jsonl', `${folder}/`])('whose path is not valid is reported: %s', (stated) => {
    expect(place(stated)).toBeUndefined();
    expect(stderr).toEqual([expect.stringContaining('is not a valid file path; {pid} and {service} are allowed')]);
  });
});

describe('a URL', () => {
  let server: Server;
  let url: string;
  let bodies: string[];
  let requests: IncomingMessage[];
  /** Answers requests. */
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    [bodies, requests] = [[], []];
    answer = (response) => response.writeHead(204).end();
    server = createServer(async (request, response) => {
      requests.push(request);
      bodies.push(await text(request));
      answer(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/checkpoints?key=abc`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** What waits is sent, and answered or not. */
  const settled = () => Promise.all(pendingWork(true));

  it('gets each as the body of a POST, and no one else hears of the request', async () => {
    const there = place(url);
    there.put('{"one":"\u2014"}');
    await settled();
    expect(bodies).toEqual(['{"one":"\u2014"}']);
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/checkpoints?key=abc' });
    expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '13' });
    sendLastCheckpoints();
    expect(bodies).toHaveLength(1);
    expect(stderr).toEqual([]);
  });

  it('is called outside of traces', async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    const http = process.getBuiltinModule('node:http');
    const suppressed: boolean[] = [];
    const { request } = http;
    vi.spyOn(http, 'request').mockImplementation(((...args: never[]) => {
      suppressed.push(isTracingSuppressed(context.active()));
      return (request as (...given: never[]) => unknown)(...args);
    }) as never);
    place(url).put('{}');
    await settled();
    context.disable();
    expect(suppressed).toEqual([true]);
  });

  it('that is slow gets the newest of those that waited', async () => {
    const waiting: ServerResponse[] = [];
    answer = (response) => waiting.push(response);
    const there = place(url);
    there.put('1');
    const all = settled();
    await until(() => waiting.length === 1, 'the first request');
    for (const more of ['2', '3', '4']) there.put(more);
    answer = (response) => response.end();
    waiting[0]?.end();
    await all;
    expect(bodies).toEqual(['1', '4']);
  });

  it('that is down gets all records of new keys later, in order, up to a bound, and the newest checkpoint', async () => {
    answer = (response) => response.writeHead(503).end();
    const there = place(url);
    there.put('0');
    await settled();
    for (let key = 1; key <= 20; key++) {
      there.put(`key ${key}`, true);
      there.put(`${key}`);
    }
    bodies = [];
    answer = (response) => response.end();
    await settled();
    expect(bodies).toEqual([...Array.from({ length: 16 }, (_, index) => `key ${index + 5}`), '20']);
  });

  it('is sent to a moment later without anything that waits for it', async () => {
    place(url).put('1');
    await until(() => bodies.length === 1, 'the request');
  });

  it('that is down is not tried again when nothing is left to do, but when nothing can follow', async () => {
    answer = (response) => response.writeHead(503).end();
    const there = place(url);
    there.put('1');
    expect(pendingWork(false)).toHaveLength(1);
    await settled();
    expect(pendingWork(false)).toEqual([]);
    answer = (response) => response.end();
    await settled();
    expect(bodies).toEqual(['1', '1']);
    expect(pendingWork(true)).toEqual([]);
  });

  const FAILURES: Readonly<
    Record<string, { readonly fail: (response: ServerResponse) => void; readonly says: string }>
  > = {
    'answers with an error': { fail: (response) => response.writeHead(503).end('no'), says: 'HTTP 503' },
    'leads elsewhere': { fail: (response) => response.writeHead(302, { location: '/' }).end(), says: 'HTTP 302' },
    'ends the connection': { fail: (response) => response.destroy(), says: 'ECONNRESET' },
  };

  it.each(Object.entries(FAILURES))('that %s is named without its path once, and gets the next one', async (_, row) => {
    answer = row.fail;
    const there = place(url);
    there.put('1');
    await settled();
    there.put('2');
    await settled();
    expect(stderr).toEqual([expect.stringContaining(`cannot send to ${new URL(url).origin}: ${row.says}`)]);
    answer = (response) => response.end();
    there.put('3');
    await settled();
    expect(bodies).toEqual(['1', '2', '3']);
  });

  it('that was down gets the newest after a while, even if nothing else happens', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    answer = (response) => response.writeHead(500).end();
    place(url).put('1');
    await settled();
    answer = (response) => response.end();
    vi.advanceTimersByTime(30_000);
    await vi.waitUntil(() => bodies.length === 2, { timeout: 30_000 });
    vi.useRealTimers();
    expect(bodies).toEqual(['1', '1']);
  });

  it('whose name server does not answer is not asked for again when the process exits', async () => {
    const dns = process.getBuiltinModule('node:dns');
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as never);
    place('https://elsewhere.example.com/').put('1');
    await settled();
    expect(lookup).toHaveBeenCalledTimes(1);
    const says = 'cannot send to https://elsewhere.example.com: no answer from the name server';
    expect(stderr).toEqual([expect.stringContaining(says)]);
    sendLastCheckpoints();
    expect(stderr).toHaveLength(1);
  });

  it('that sends without an end does not keep anything waiting', async () => {
    answer = (response) => {
      response.writeHead(200);
      const send = () => response.write('x'.repeat(65_536), (error) => error == null && setImmediate(send));
      send();
    };
    place(url).put('1');
    await settled();
    await until(() => requests[0]?.socket.destroyed === true, 'the end of the connection');
  });
});

describe('at the end of the process', () => {
  const SERVER = `
    const { createServer } = require('node:http');
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; }).on('end', () => {
        process.stdout.write(body + '\\n');
        if (process.argv[1] === 'answers') response.end();
      });
    }).listen(0, '127.0.0.1', function () { process.stderr.write(String(this.address().port)); });`;

  async function elsewhere(how: 'answers' | 'is silent') {
    const child = spawn(process.execPath, ['-e', SERVER, how], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [port] = await once(child.stderr, 'data');
    return { child, origin: `http://127.0.0.1:${port}` };
  }

  it('a URL has the last one before the process exits', async () => {
    const { child, origin } = await elsewhere('answers');
    const there = place(`${origin}/`);
    there.put('{"last":1}');
    sendLastCheckpoints();
    expect(stderr).toEqual([]);
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toContain('{"last":1}\n');
    child.kill();
  });

  it('all URLs that do not answer are waited for together for a second, and named', async () => {
    const { child, origin } = await elsewhere('is silent');
    const start = performance.now();
    for (let n = 0; n < 20; n++) place(`${origin}/${n}`).put('{}');
    sendLastCheckpoints();
    // One after the other would take twenty.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(stderr).toEqual([expect.stringContaining(`cannot send to ${origin}: no answer within 1000 ms`)]);
    child.kill();
  });
});
