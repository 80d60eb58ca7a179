/** Inputs that are damaged, foreign, or made to do harm. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSigningKey } from '../../../../src/chain/keys.js';
import { verify } from '../../../../src/cli/verify.js';
import { ChainWriter, chainId, edited } from '../../../support/chain-writer.js';
import { runCommand } from '../world.js';
import { printed, textOf, verified, writeTrail } from './verify-run.js';

const key = newSigningKey({});
const writer = new ChainWriter({ key });
writer.add('started');
writer.calls(8).checkpoint();
const { lines } = writer;
const [first = '', second = ''] = lines;
const HUGE = 2 * 1024 * 1024;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-hostile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a record whose place in a chain is not valid is tampered with', () => {
  it.each([
    ['a number of 0', { 'audit.sequence.number': 0 }],
    ['a negative number', { 'audit.sequence.number': -2 }],
    ['a fraction', { 'audit.sequence.number': 2.5 }],
    ['1e308', { 'audit.sequence.number': 1e308 }],
    ['a number above all safe integers', { 'audit.sequence.number': 2 ** 53 }],
    ['a text as number', { 'audit.sequence.number': '2' }],
    ['a chain that is no UUID', { 'mcp_audit.chain.id': 'x' }],
    ['a UUID of another version', { 'mcp_audit.chain.id': '019aa5b2-7c31-4e0f-9d4e-2f6b8c1a3d57' }],
    ['a chain in upper case', { 'mcp_audit.chain.id': chainId().toUpperCase() }],
    ['a chain that is an object', { 'mcp_audit.chain.id': { toString: 'x' } }],
    ['a hash that is too short', { 'audit.prev.hash': 'ab' }],
    ['a hash in upper case', { 'audit.prev.hash': 'AB'.repeat(32) }],
    ['the hash of the first record', { 'audit.prev.hash': JSON.parse(first)['audit.prev.hash'] }],
  ])('with %s', async (_, fields) => {
    const { code, findings } = await verified({ files: { a: [...lines, edited(second, fields)] }, trust: [key] });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ severity: 'tampered', kind: 'malformed', at: expect.stringMatching(/a:11$/) }]);
  });

  it('and numbers up to the greatest are counted', async () => {
    const last = edited(second, { 'audit.sequence.number': Number.MAX_SAFE_INTEGER });
    const { code, summary } = await verified({ files: { a: [...lines, last] }, trust: [key] });
    expect(code).toBe(1);
    expect(summary).toMatchObject({ missing: Number.MAX_SAFE_INTEGER - 11 });
  });
});

describe('details of a record that are not valid prove and explain nothing', () => {
  it.each([
    ['a number as its note', { 'mcp_audit.checkpoint.note': 7 }, 1],
    ['a note that is too long', { 'mcp_audit.checkpoint.note': 'x'.repeat(20_000) }, 1],
    ['a text as its size', { 'mcp_audit.checkpoint.size': '9' }, 1],
    ['another key', { 'mcp_audit.key.id': '\u001b[2J' }, 1],
    ['no key', { 'mcp_audit.key.id': undefined }, 1],
  ])('a checkpoint with %s', async (_, fields, exit) => {
    const checkpoint = edited(lines.at(-1) as string, fields);
    expect(await verified({ files: { a: [...lines.slice(0, -1), checkpoint] }, trust: [key] })).toMatchObject({
      code: exit,
      findings: [{ kind: 'checkpoint', number: 10 }, { kind: 'unsigned' }],
    });
  });

  it.each([
    ['1e308', { 'mcp_audit.gap.records': 1e308 }],
    ['a negative number', { 'mcp_audit.gap.records': -1 }],
    ['an end before its start', { 'mcp_audit.gap.first': 9, 'mcp_audit.gap.last': 1 }],
    ['no end', { 'mcp_audit.gap.last': undefined }],
  ])('a gap with %s', async (_, fields) => {
    const lossy = new ChainWriter({ key });
    lossy.calls(2);
    const gap = { ...lossy.lose(2), ...fields };
    lossy.gap(gap as never);
    const last = edited(lossy.lines.pop() as string, fields);
    lossy.lines.push(last);
    expect(await verified({ files: { a: lossy.lines }, trust: [key] })).toMatchObject({
      code: 2,
      summary: { missing: 2 },
    });
  });
});

describe('lines', () => {
  it.each([
    [
      'of other programs',
      ['{"event_name":7}', '{"mcp_audit.chain.id":null}', '[[[]]]', '{"a":'.repeat(1000), '\u0000'],
    ],
    ['nested deeply', ['['.repeat(1_000_000), `{"audit.x":${'['.repeat(100_000)}`]],
    ['with names of prototypes', ['{"__proto__":{"event_name":"mcp_audit.request"},"constructor":1,"x":"audit."}']],
  ])('%s are no findings', async (_, others) => {
    const { code, findings } = await verified({ files: { a: [...others, ...lines] }, trust: [key] });
    expect({ code, findings: findings.filter(({ severity }) => severity !== 'reported') }).toEqual({
      code: 0,
      findings: [],
    });
  });

  it('that are too long are passed over, unless records are in them', async () => {
    const args = writeTrail(folder, { files: { a: lines, b: ['x'.repeat(HUGE)] }, trust: [key] });
    expect(await runCommand(verify, [...args, '--max-line', '1'])).toMatchObject({ code: 0, err: '' });
    const long = second.replace('u-8472', 'x'.repeat(HUGE));
    writeFileSync(join(folder, 'trail', 'b'), textOf([second, long]));
    const { code, err } = await runCommand(verify, [...args, '--max-line', '1']);
    expect(code).toBe(3);
    expect(err).toMatch(/^cannot read \S+b: line 2 has records, and is longer than 1 MiB \(see --max-line\)\n$/);
  });
});

describe('files', () => {
  it('behind links are read, and folders behind links are not', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'a'), textOf(lines.slice(0, 3)));
    writeFileSync(join(folder, 'b'), textOf(lines));
    const args = writeTrail(folder, { files: {}, trust: [key] });
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'trail', 'folder'));
    symlinkSync('.', join(folder, 'trail', 'loop'));
    symlinkSync('nothing', join(folder, 'trail', 'dangling'));
    expect(await runCommand(verify, args)).toMatchObject({ code: 3, err: expect.stringContaining('no audit records') });
    symlinkSync(join(folder, 'b'), join(folder, 'trail', 'file'));
    expect(await runCommand(verify, args)).toMatchObject({ code: 0, err: '' });
  });

  it('that are pipes in a folder are left out: reading them would wait', async () => {
    const args = writeTrail(folder, { files: { a: lines }, trust: [key] });
    execFileSync('mkfifo', [join(folder, 'trail', 'pipe')]);
    expect(await runCommand(verify, args)).toMatchObject({ code: 0, err: '' });
  });

  it('with invisible characters in their names are shown with escapes', async () => {
    const evil = '\u001b]0;pwned\u0007\u202ex\nfake';
    const trail = {
      files: { [evil]: [...lines.slice(0, 4), edited(lines[4] as string, { x: 1 }), ...lines.slice(5)] },
      trust: [key],
    };
    for (const { code, out } of [await printed(trail), await verified(trail)]) {
      expect(code).toBe(1);
      expect(out).toContain('pwned');
      expect(out.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
      expect(out).not.toMatch(/^fake/m);
    }
    const missing = await runCommand(verify, [join(folder, evil)]);
    expect(missing.code).toBe(3);
    expect(missing.err.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('that are cut off in the middle of their compression cannot be read, and the rest is checked', async () => {
    const packed = gzipSync(textOf(lines));
    const changed = [...lines.slice(0, 4), edited(lines[4] as string, { x: 1 }), ...lines.slice(5)];
    const { code, err, summary } = await verified({
      files: { 'a.gz': packed.subarray(0, 200), b: changed },
      trust: [key],
    });
    expect({ code, err }).toEqual({ code: 3, err: 'cannot read a.gz: Z_BUF_ERROR\n' });
    expect(summary).toMatchObject({ result: 'tampered', unreadable: 1, altered: 1 });
  });

  it('that expand without end are not read to their end', async () => {
    // Members of a gzip file expand one after the other.
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const bomb = Buffer.concat(Array.from({ length: 80 }, () => member));
    expect(await printed({ files: { a: lines, 'b.gz': bomb }, trust: [key] })).toMatchObject({
      code: 3,
      err: 'cannot read b.gz: it expands to more than 200 times its size\n',
    });
  });
});

describe('two chains with one id', () => {
  it('are copies that differ', async () => {
    const forged = new ChainWriter({ key: newSigningKey({}), service: 'forged' });
    forged.add('started');
    forged.calls(8).checkpoint();
    const { code, findings } = await verified({ files: { a: lines, b: forged.lines }, trust: [key] });
    expect(code).toBe(1);
    expect(findings.filter(({ kind }) => kind === 'copies')).toHaveLength(10);
  });

  it('are told in bounded output, however many records they have', async () => {
    const [a, b] = ['a', 'b'].map((service) => new ChainWriter({ key, service }).calls(2000));
    const trail = { files: { a: a?.lines ?? [], b: b?.lines ?? [] }, trust: [key] };
    const { out } = await printed(trail);
    expect(out.split('\n').length).toBeLessThan(20);
    expect(out).toContain('more');
    const { chains, summary } = await verified(trail);
    expect(chains).toMatchObject([{ findings: { length: 100 } }]);
    expect(summary).toMatchObject({ altered: 2000 });
  });
});

it('many chains are told in bounded output', async () => {
  const many = Array.from(
    { length: 3000 },
    (_, index) => new ChainWriter({ id: chainId(index), key }).calls(1).lines[0] as string,
  );
  const { code, out } = await printed({ files: { a: many }, trust: [key] });
  expect(code).toBe(2);
  expect(out.split('\n').length).toBeLessThan(210);
  expect(out).toMatch(
    /^2900 more chains with findings\nunproven: 3000 chains with findings, 3000 records in 3000 chains\n/m,
  );
});

it('findings of lines are told in bounded output', async () => {
  const broken = Array.from({ length: 500 }, () => edited(second, { 'audit.sequence.number': -1 }));
  const { code, out } = await printed({ files: { a: [...lines, ...broken] }, trust: [key] });
  expect(code).toBe(1);
  expect(out.split('\n').length).toBeLessThan(110);
  expect(out).toContain('400 more findings');
});

describe('bytes that are not UTF-8', () => {
  const withReplaced = new ChainWriter({ key });
  withReplaced.add('started', { 'audit.actor.id': 'a \ufffd b' });
  withReplaced.calls(2).checkpoint();
  const broken = (text: string) => {
    const bytes = Buffer.from(text);
    const at = bytes.indexOf('\ufffd');
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]);
  };

  it.each([
    ['an audit file', (line: string) => line],
    ['an export', (line: string) => JSON.stringify({ message: line })],
  ])('are not the same as what they are read as: %s', async (_, write) => {
    const text = textOf(withReplaced.lines.map(write));
    expect(await verified({ files: { a: Buffer.from(text) }, trust: [key] })).toMatchObject({ code: 0 });
    expect(await verified({ files: { a: broken(text) }, trust: [key] })).toMatchObject({ code: 1 });
  });
});

it('files in which there are no records are counted', async () => {
  const files = {
    a: lines,
    'utf-16': Buffer.from(textOf(lines), 'utf16le'),
    'twice.gz': gzipSync(gzipSync(textOf(lines))),
    empty: Buffer.alloc(0),
  };
  const { code, summary } = await verified({ files, trust: [key] });
  expect({ code, summary }).toMatchObject({ code: 0, summary: { inputs: 4, withoutRecords: 2 } });
  expect((await printed({ files, trust: [key] })).out).toMatch(/\n2 files without records\n$/);
});
