/** The command from the outside: arguments, output, the record of the result. */
import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSigningKey, privateJwk } from '../../../../src/chain/keys.js';
import { verify } from '../../../../src/cli/verify.js';
import { REQUIRED_AUDIT_FIELDS } from '../../../../src/semconv/audit-record.js';
import { ChainWriter, chainId, edited } from '../../../support/chain-writer.js';
import { runCommand } from '../world.js';
import { printed, textOf, writeTrail } from './verify-run.js';

const key = newSigningKey({});
const writer = new ChainWriter({ key });
writer.add('started');
writer.calls(8).checkpoint();
writer.calls(2);
const { lines } = writer;
const files = { 'audit.jsonl': lines };
const without = (index: number) => lines.filter((_, at) => at !== index);
const changed = lines.map((line, index) => (index === 4 ? edited(line, { 'audit.actor.id': 'x' }) : line));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the output for people', () => {
  it('of an intact trail has two lines at most', async () => {
    expect(await printed({ files, trust: [key] })).toEqual({
      code: 0,
      out: 'intact: 12 records in 1 chain\n3 records from the last checkpoints on, which prove nothing about them yet\n',
      err: '',
    });
  });

  it('of a changed record names it by file, line, number and chain', async () => {
    expect(await printed({ files: { 'audit.jsonl': changed }, trust: [key] })).toMatchObject({
      code: 1,
      out: [
        `chain ${chainId()}, records 1 to 12`,
        '  tampered: record 5 (audit.jsonl:5) was changed: record 6 (audit.jsonl:6) has another hash of it',
        'tampered: 1 alteration, 1 chain with findings, 12 records in 1 chain',
        '3 records from the last checkpoints on, which prove nothing about them yet',
        '',
      ].join('\n'),
    });
  });

  it('of a changed record names two, if none after them shows which it is', async () => {
    for (const text of [changed.slice(0, 6), [...changed.slice(0, 6), ...changed.slice(7)]]) {
      const { out } = await printed({ files: { 'audit.jsonl': text }, trust: [key] });
      expect(out).toContain('  tampered: record 5 (audit.jsonl:5) or record 6 (audit.jsonl:6) was changed\n');
    }
  });

  it('of many findings counts those that it does not show, without those that it leaves to the last line', async () => {
    const long = new ChainWriter({ key });
    for (let block = 0; block < 12; block++) long.calls(9).checkpoint();
    long.calls(2);
    const holes = long.lines.filter((_, index) => index % 10 !== 4 || index > 110);
    const { out } = await printed({ files: { a: holes }, trust: [key] });
    expect(out.match(/ is missing /g)).toHaveLength(10);
    // A hole, and the records in front of all of them.
    expect(out).toContain('  and 2 more\n');
  });

  it('of a missing record says between which lines', async () => {
    const { code, out } = await printed({ files: { 'audit.jsonl': without(4) }, trust: [key] });
    expect(code).toBe(2);
    expect(out).toContain('  incomplete: record 5 is missing between audit.jsonl:4 and audit.jsonl:5\n');
    expect(out).toContain('incomplete: 1 record missing, 1 chain with findings, 11 records in 1 chain\n');
  });
});

describe('mcp-trail verify', () => {
  it('reads standard input, compressed or not', async () => {
    const args = writeTrail(folder, { files: {}, trust: [key] });
    for (const input of [textOf(lines), gzipSync(textOf(lines))]) {
      expect(await runCommand(verify, ['-', ...args.slice(1)], input)).toMatchObject({ code: 0, err: '' });
    }
  });

  it('takes the worst of its results: unreadable, then tampered, then incomplete', async () => {
    const args = writeTrail(folder, {
      files: { a: changed, b: ['{"event_name":"mcp_audit.stopped","audit.x":1}'] },
      trust: [key],
    });
    expect(await runCommand(verify, args)).toMatchObject({ code: 1 });
    expect(await runCommand(verify, [...args, join(folder, 'missing')])).toMatchObject({
      code: 3,
      err: expect.stringContaining('missing: ENOENT'),
    });
  });

  it.each([
    [[], 'needs at least one file'],
    [['-', '-'], 'only once'],
    [['--pin', '', 'a'], 'the name of a file is empty'],
    [['--from', 'yesterday', 'a'], '--from takes a time (RFC 3339) or a date, not yesterday'],
    [['--to', '2026-13-01', 'a'], '--to takes'],
    [['--from', '2026-11-22', '--to', '2026-11-21', 'a'], '--from is after --to'],
    [['--max-line', '0', 'a'], '--max-line takes 1 to 256'],
    [['--key', 'a'], 'unknown option --key'],
  ])('refuses %j', async (args, reason) => {
    const { code, out, err } = await runCommand(verify, args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(reason);
    expect(err).toContain('Usage: mcp-trail verify');
  });

  it('refuses a private key as trusted, and pins without checkpoints', async () => {
    const args = writeTrail(folder, { files, pins: ['started', lines[0] as string] });
    expect(await runCommand(verify, args)).toMatchObject({
      code: 3,
      err: expect.stringContaining('no checkpoints in'),
    });
    writeFileSync(join(folder, 'key'), JSON.stringify(privateJwk(key)));
    const { code, err } = await runCommand(verify, ['--trust', join(folder, 'key'), join(folder, 'trail')]);
    expect(code).toBe(3);
    expect(err).toContain('is a private key');
  });

  it('takes pins from the stderr of a process, with all else that it prints', async () => {
    const pins = ['listening', lines[9] as string, '{"level":"info"}', '{"audit.'];
    expect(await printed({ files, trust: [key], pins })).toMatchObject({ code: 0, err: '' });
    expect(await printed({ files: { a: lines.slice(0, 8) }, trust: [key], pins })).toMatchObject({ code: 2 });
  });

  it('finds pins that were changed', async () => {
    const checkpoint = lines[9] as string;
    const note: string = JSON.parse(checkpoint)['mcp_audit.checkpoint.note'];
    for (const fields of [
      { 'mcp_audit.checkpoint.note': note.replace('\n9\n', '\n8\n') },
      { 'audit.sequence.number': 9 },
      { 'audit.actor.id': 'x' },
    ]) {
      expect(await printed({ files, trust: [key], pins: [edited(checkpoint, fields)] })).toMatchObject({ code: 1 });
    }
  });
});

describe('--record', () => {
  const record = () => join(folder, 'results', 'verified.jsonl');
  const results = () =>
    readFileSync(record(), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('appends a record of each result, whose severity alerts can use', async () => {
    const trails = [{ files }, { files: { a: without(4) } }, { files: { a: changed } }];
    for (const trail of trails) {
      await runCommand(verify, [
        ...writeTrail(mkdtempSync(join(folder, 'run-')), { ...trail, trust: [key] }),
        '--record',
        record(),
      ]);
    }
    expect(results()).toMatchObject([
      { severity_text: 'INFO', 'mcp_audit.verified.result': 'intact', 'mcp_audit.verified.records': 12 },
      { severity_text: 'WARN', 'mcp_audit.verified.result': 'incomplete', 'mcp_audit.verified.missing': 1 },
      { severity_text: 'FATAL', 'mcp_audit.verified.result': 'tampered', 'mcp_audit.verified.altered': 1 },
    ]);
    for (const result of results())
      expect(Object.keys(result)).toEqual(expect.arrayContaining([...REQUIRED_AUDIT_FIELDS]));
    expect(statSync(record()).mode & 0o777).toBe(0o600);
  });

  it('writes records that are chains of their own', async () => {
    const args = [...writeTrail(folder, { files, trust: [key] }), '--record', record()];
    await runCommand(verify, args);
    await runCommand(verify, args);
    expect(await runCommand(verify, ['--unsigned', record()])).toMatchObject({
      code: 0,
      out: 'intact: 2 records in 2 chains\n',
    });
  });

  it('is exit code 3 if it cannot be written, and follows no link', async () => {
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    const args = writeTrail(folder, { files, trust: [key] });
    const { code, err } = await runCommand(verify, [...args, '--record', join(folder, 'link')]);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('link: ELOOP') });
    expect(lstatSync(join(folder, 'target'), { throwIfNoEntry: false })).toBeUndefined();
  });
});
