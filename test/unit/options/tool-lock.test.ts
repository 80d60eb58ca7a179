/** What a lock file accepts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { lockText } from '../../../src/cli/inventory/lock.js';
import { makeToolLock } from '../../../src/inventory/make-tool-lock.js';
import { parseToolLock, readToolLock } from '../../../src/options/tool-lock.js';
import { clocked, tool } from '../../support/inventory.js';
import { lockOf } from '../../support/tool-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-tool-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HASH = 'a'.repeat(64);
const READ = { name: 'read', hash: HASH, memberHashes: { description: 'b'.repeat(16), inputSchema: 'unhashable' } };
const FILES = { name: 'files', tools: [READ] };
const LOCK = { version: 1, servers: [FILES] };

const problems = (value: unknown) => {
  const read = parseToolLock(value, 'lock');
  expect(read.document === undefined).toBe(read.problems.some((each) => each.endsWith('There is no lock')));
  return read.problems;
};
const ofServer = (members: object) => problems({ version: 1, servers: [{ ...FILES, ...members }] });
const ofTool = (members: object) => ofServer({ tools: [{ ...READ, ...members }] });

describe('a lock', () => {
  it('is accepted with every member that it can have', () => {
    const lock = { $schema: './lock.json', version: 1, servers: [{ ...FILES, endpoint: 'a:1' }, { tools: [] }] };
    expect(parseToolLock(lock, 'lock')).toEqual({ document: lock, problems: [] });
  });

  it('is accepted as it is made, whatever the names', () => {
    const names = ['__proto__', 'constructor', '', 'a\nb', 'x'.repeat(100_000), '\ud800', 'ünï'];
    const { inventory } = clocked();
    for (const name of [...names, undefined]) {
      const { id } = inventory.observeServer({ side: 'client', ...(name !== undefined && { name }) });
      inventory.observeTools(id, { tools: names.map((each) => tool(each)) });
    }
    const { document } = makeToolLock(inventory.snapshot());
    expect(document.servers).toHaveLength(names.length + 1);
    expect(parseToolLock(JSON.parse(lockText(document)), 'lock')).toEqual({ document, problems: [] });
  });

  test.each<[string, unknown, string]>([
    ['nothing', null, 'the tool lock is null; accepted: an object with $schema, version, servers'],
    ['a list', [], 'the tool lock is an empty list; accepted: an object with $schema, version, servers'],
    ['no version', { servers: [] }, 'version is missing; accepted: 1'],
    ['a later version', { version: 2, servers: 7 }, 'version is 2; accepted: 1'],
    ['a policy', { version: 1, rules: [] }, 'servers is missing; accepted: a list of up to 1000 servers'],
    [
      'a state file',
      { format: 'mcp-trail-inventory', version: 1, servers: [{ id: 'x', tools: [{}] }] },
      'servers[0].tools[0].name is missing; accepted: a name of at most 256 characters',
    ],
  ])('is not %s', (_, value, problem) => {
    expect(problems(value)).toEqual([`lock: ${problem}. There is no lock`]);
  });

  it('names the first thing that is not accepted, and where', () => {
    expect(ofServer({ name: 7 })).toEqual([expect.stringContaining('servers[0].name is 7')]);
    expect(ofServer({ endpoint: 'x'.repeat(257) })).toEqual([expect.stringContaining('servers[0].endpoint is "xxx')]);
    expect(ofServer({ tools: 'all' })).toEqual([expect.stringContaining('servers[0].tools is "all"')]);
    expect(ofTool({ hash: 'unhashable' })).toEqual([
      expect.stringContaining('tools[0].hash is "unhashable"; accepted: 64 hexadecimal digits'),
    ]);
    expect(ofTool({ hash: HASH.toUpperCase() })).toHaveLength(1);
    expect(ofTool({ memberHashes: undefined })).toEqual([expect.stringContaining('memberHashes is missing')]);
    expect(ofTool({ memberHashes: { description: 'b' } })).toEqual([
      expect.stringContaining('memberHashes.description is "b"'),
    ]);
    expect(ofTool({ memberHashes: { evil: 'b'.repeat(16) } })).toEqual([expect.stringContaining('memberHashes.evil')]);
    expect(
      problems({ version: 1, servers: Array.from({ length: 1001 }, (_, at) => ({ name: `${at}`, tools: [] })) }),
    ).toEqual(['lock: servers is a list of 1001; accepted: a list of up to 1000 servers. There is no lock']);
  });

  it('does not have one tool or server twice', () => {
    expect(ofServer({ tools: [READ, READ] })).toEqual([
      'lock: servers[0].tools is a list of 2; accepted: tools with different names. There is no lock',
    ]);
    expect(problems({ version: 1, servers: [FILES, FILES] })).toEqual([
      'lock: servers is a list of 2; accepted: servers with different names or endpoints. There is no lock',
    ]);
    expect(problems({ version: 1, servers: [FILES, { ...FILES, endpoint: 'a:1' }] })).toEqual([]);
  });

  it('may have members of later versions, which are reported', () => {
    expect(problems({ ...LOCK, madeBy: 'me', $schema: 7 })).toEqual([
      'lock: madeBy is "me"; accepted: the members $schema, version, servers. It is ignored',
      'lock: $schema is 7; accepted: the URI of a JSON Schema. It is ignored',
    ]);
    expect(ofTool({ reviewedBy: 'me' })).toEqual([
      expect.stringMatching(/tools\[0\]\.reviewedBy is "me".*It is ignored$/),
    ]);
  });
});

describe('a lock file', () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is read', () => {
    const document = lockOf('files', [tool('read')]);
    expect(readToolLock(write('lock.json', lockText(document)))).toEqual({ document, problems: [] });
    expect(readToolLock(write('bom.json', `\ufeff${lockText(document)}`))).toEqual({ document, problems: [] });
  });

  it('that cannot be read, or is not JSON, is named', () => {
    expect(readToolLock(join(folder, 'none.json'))).toEqual({
      document: undefined,
      problems: [`${join(folder, 'none.json')}: the tool lock cannot be read (ENOENT). There is no lock`],
    });
    expect(readToolLock(folder).problems).toEqual([`${folder}: the tool lock is not a file. There is no lock`]);
    const broken = write('broken.json', '{\n  "version": 1,\n}');
    expect(readToolLock(broken).problems).toEqual([
      `${broken}: the tool lock is not JSON at line 3, column 1. There is no lock`,
    ]);
  });
});
