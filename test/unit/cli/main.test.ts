/** The built command, as it is started from a shell. */
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSigningKey } from '../../../src/chain/key-file.js';
import type { SigningKey } from '../../../src/chain/keys.js';
import { ChainWriter } from '../../support/chain-writer.js';
import { CORRELATION, call, jsonLines, otlpLine, record, TRACE, throughGateway } from './records.js';

const MAIN = fileURLToPath(new URL('../../../dist/cjs/cli.js', import.meta.url));
const MANIFEST = fileURLToPath(new URL('../../../package.json', import.meta.url));

let folder = '';
const file = (name: string) => join(folder, name);

/** Runs in the folder of the files, so that their names are short. */
function run(args: readonly string[], { input = '' as string | Uint8Array, env = {}, main = MAIN } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

function timelineOf(...args: string[]) {
  return run(['timeline', ...args]);
}

const { agent, gateway, weather } = throughGateway();
const EVIL = '\u001b]0;pwned\u0007\u001b[2Jx\nfake line';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-timeline-'));
  const elsewhere = { trace_id: 'f'.repeat(32), 'mcp_audit.correlation.id': 'req-another' };
  const other = call('agent', { side: 'client', from: 1, to: 2, fields: elsewhere });
  writeFileSync(file('agent.jsonl'), jsonLines([...other, ...agent, ...agent]));
  writeFileSync(file('gateway.jsonl.gz'), gzipSync(otlpLine(gateway)));
  writeFileSync(file('weather.json'), jsonLines(weather.map((each) => ({ line: JSON.stringify(each), labels: {} }))));
  writeFileSync(file('broken.log'), `starting\n${JSON.stringify(agent[0])}\n\n{"event_name":"mcp_audit.req\n`);
  writeFileSync(file('cut.gz'), gzipSync(jsonLines(Array(100).fill(agent[0]))).subarray(0, 40));
  mkdirSync(file('folder'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('mcp-trail timeline', () => {
  const drawn = `req-8f7b2c9a  2026-11-21T09:20:07.000Z  8 records  3 services: agent, gateway, weather

   time  service  side    what                        actor   status   took  marks
 +0.0ms  agent    client  tools/call search           u-8472  ok      100ms
 +5.0ms  gateway  server  └─ tools/call search        u-8472  ok       90ms
+10.0ms  gateway  client     └─ tools/call search     u-8472  ok       80ms
+15.0ms  weather  server        └─ tools/call search  u-8472  ok       70ms

4 operations, 0 failed, 0 denied, 0 without response
`;

  it('draws one call over three services, from files of three kinds', () => {
    expect(timelineOf(CORRELATION, 'agent.jsonl', 'gateway.jsonl.gz', 'weather.json')).toEqual({
      status: 0,
      stdout: `${drawn}2 copies of records left out\n`,
      stderr: '',
    });
  });

  it('reads standard input, compressed or not', () => {
    const input = jsonLines([...agent, ...weather]);
    for (const bytes of [input, gzipSync(input)]) {
      const { status, stdout } = run(['timeline', TRACE.toUpperCase(), '-', 'gateway.jsonl.gz'], { input: bytes });
      expect(status).toBe(0);
      expect(stdout).toBe(drawn.replace(CORRELATION, TRACE.toUpperCase()));
    }
  });

  it('counts unreadable lines, and never quotes them', () => {
    const { status, stdout, stderr } = timelineOf(CORRELATION, 'broken.log');
    expect(status).toBe(0);
    expect(stdout).toContain('1 without response (still open, or lost)');
    expect(stderr).toBe(
      'mcp-trail: broken.log:1: skipped 2 lines, this one first: not JSON, or hold a record that is cut off\n',
    );
  });

  it('skips lines that are too long, unless the limit is raised', () => {
    const huge = record('session', 'agent', 3, { 'audit.actor.id': 'x'.repeat(1024 * 1024) });
    const input = jsonLines([agent[0], huge]);
    const short = run(['timeline', CORRELATION, '-'], { input });
    expect(short.stderr).toBe(
      'mcp-trail: standard input:2: skipped 1 line, this one first: longer than 1 MiB (see --max-line)\n',
    );
    expect(short.stdout).toContain(' 1 record ');
    const long = run(['timeline', '--max-line', '2', CORRELATION, '-'], { input });
    expect(long).toMatchObject({ status: 0, stderr: '' });
    expect(long.stdout).toContain(' 2 records ');
    expect(long.stdout.length).toBeLessThan(2000);
  });

  it('escapes hostile values, in text and in JSON', () => {
    const evil = call(EVIL, { side: 'client', from: 0, to: 1, tool: EVIL, fields: { 'audit.actor.id': EVIL } });
    const input = jsonLines(evil.map((each) => ({ ...each, 'mcp_audit.correlation.id': EVIL })));
    for (const options of [[], ['--json']]) {
      const { status, stdout, stderr } = run(['timeline', ...options, EVIL, '-'], { input });
      expect(status).toBe(0);
      expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
      expect(stdout).not.toMatch(/^fake line/m);
    }
    const nothing = run(['timeline', EVIL, EVIL], { input });
    expect(nothing.stderr.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('prints one JSON document with --json', () => {
    const { status, stdout } = timelineOf('--json', CORRELATION, 'agent.jsonl', 'gateway.jsonl.gz', 'broken.log');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      id: CORRELATION,
      operations: 3,
      duplicates: 3,
      entries: [{ parent: null }, { parent: 0 }, { parent: 1 }],
      inputs: [
        { name: 'agent.jsonl', lines: 6, records: 6, broken: { count: 0 } },
        { name: 'gateway.jsonl.gz', lines: 1, records: 4 },
        { name: 'broken.log', lines: 3, records: 1, broken: { count: 2, first: 1 }, tooLong: { count: 0 } },
      ],
    });
  });

  it('names the inputs if it finds nothing', () => {
    expect(timelineOf('req-unknown', 'agent.jsonl', 'weather.json')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'mcp-trail: nothing found for req-unknown in 8 audit records (agent.jsonl 6 of 6 lines, weather.json 2 of 2 lines)\n',
    });
    const json = timelineOf('--json', 'req-unknown', 'agent.jsonl');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ records: 0, entries: [] });
  });

  it.each([
    ['missing.jsonl', 'ENOENT'],
    ['folder', 'EISDIR'],
    ['cut.gz', 'Z_BUF_ERROR'],
  ])('draws nothing if %s cannot be read, and names it', (name, code) => {
    expect(timelineOf(CORRELATION, 'agent.jsonl', name)).toEqual({
      status: 3,
      stdout: '',
      stderr: `mcp-trail: cannot read ${name}: ${code}\n`,
    });
  });

  it.each([
    [[], 'needs a correlation id'],
    [[''], 'needs a correlation id'],
    [['id'], 'needs at least one file'],
    [['id', '-', '-'], 'only once'],
    [['--colour', 'id', 'x'], 'unknown option --colour'],
    [['--max-line', '0', 'id', 'x'], '--max-line takes 1 to 256'],
    [['--max-line', 'many', 'id', 'x'], '--max-line takes 1 to 256'],
    [['--max-line'], '--max-line'],
  ])('prints its usage on stderr for %j', (args, reason) => {
    const { status, stdout, stderr } = timelineOf(...args);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr.split('\n', 1)[0]).toContain(reason);
    expect(stderr).toContain('Usage: mcp-trail timeline');
  });

  it('prints its help on stdout', () => {
    const { status, stdout, stderr } = timelineOf('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Usage: mcp-trail timeline');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('has no colours in a pipe', () => {
    expect(run(['timeline', CORRELATION, 'broken.log'], { env: { FORCE_COLOR: '1' } }).stdout).not.toContain('\u001b');
  });

  it('ends quietly if its reader closes the pipe', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => record('session', 'agent', n));
    writeFileSync(file('many.jsonl'), jsonLines(many));
    const child = spawn(process.execPath, [MAIN, 'timeline', CORRELATION, file('many.jsonl')]);
    let complaints = '';
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  });
});

it('a subcommand whose output cannot be written does not end as if nothing was found', () => {
  // A disk that is full, on Linux.
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--help'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect({ status, stderr }).toEqual({ status: 3, stderr: 'mcp-trail: cannot write the output: ENOSPC\n' });
});

describe('mcp-trail verify', () => {
  it('ends with its exit code, with keys of mcp-trail keygen', () => {
    expect(run(['keygen', '--trust', 'trust.json', 'key.jwk'])).toMatchObject({ status: 0, stderr: '' });
    const writer = new ChainWriter({ key: readSigningKey(file('key.jwk')) as SigningKey });
    writer.calls(4).checkpoint();
    const arguments_ = ['verify', '--trust', 'trust.json', '-'];
    const [input, shorter] = [writer.lines, writer.lines.slice(1)].map((lines) => lines.join('\n'));
    expect(run(arguments_, { input })).toEqual({ status: 0, stdout: 'intact: 5 records in 1 chain\n', stderr: '' });
    expect(run(arguments_, { input: shorter })).toMatchObject({ status: 2, stderr: '' });
    expect(run(arguments_)).toMatchObject({ status: 3, stderr: expect.stringContaining('no audit records') });
  });

  it('prints its help on stdout', () => {
    const { status, stdout, stderr } = run(['verify', '--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Usage: mcp-trail verify');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

describe('mcp-trail', () => {
  it.each(['--help', '-h', 'help'])('lists its commands for %s', (option) => {
    const { status, stdout, stderr } = run([option]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}timeline {2,}one id over all services/m);
  });

  it.each([
    [[], 'missing command'],
    [['time\u001bline'], 'unknown command time\\u{1b}line'],
    [['constructor'], 'unknown command constructor'],
    [['--colour'], 'unknown command --colour'],
  ])('prints its usage on stderr for %j', (args, reason) => {
    const { status, stdout, stderr } = run(args);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(`mcp-trail: ${reason}\n`);
    expect(stderr).toContain('Usage: mcp-trail <command>');
  });

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8'));
    expect(run(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is the command that package.json installs, and executable', () => {
    const { bin } = JSON.parse(readFileSync(MANIFEST, 'utf8'));
    expect(bin).toEqual({ 'mcp-trail': './dist/cjs/cli.js' });
    expect(readFileSync(MAIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    // Windows has no such bit.
    if (process.platform !== 'win32') expect(() => accessSync(MAIN, constants.X_OK)).not.toThrow();
  });
});
