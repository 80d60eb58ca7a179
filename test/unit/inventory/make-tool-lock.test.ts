/** The lock of what an inventory knows. */
import { expect, it } from 'vitest';
import { lockText } from '../../../src/cli/inventory/lock.js';
import { makeToolLock } from '../../../src/inventory/make-tool-lock.js';
import { clocked, DAY, tool } from '../../support/inventory.js';

type Seen = Record<
  string,
  { readonly endpoint?: string; readonly side?: 'client' | 'server'; readonly tools?: readonly unknown[] }
>;

/** The lock of servers by name; what follows a `#` in a name tells two of one name apart. */
function lock(seen: Seen, start = 0) {
  const { inventory, clock } = clocked();
  clock.time += start;
  for (const [name, { tools, ...facts }] of Object.entries(seen)) {
    const { id } = inventory.observeServer({ side: 'client', ...facts, name: name.replace(/#.*/, '') });
    if (tools !== undefined) inventory.observeTools(id, { tools });
    clock.time += 1000;
  }
  return makeToolLock(inventory.snapshot());
}

it('is the same text whenever and in whatever order servers and tools were seen', () => {
  const [a, b] = [tool('a'), tool('b')];
  const text = lockText(lock({ x: { tools: [a, b] }, y: { tools: [b] } }).document);
  expect(lockText(lock({ y: { tools: [b] }, x: { tools: [b, a] } }, 3 * DAY).document)).toBe(text);
  expect(text).toMatch(/\n$/);
  expect(text).not.toMatch(/\d{4}-\d\d/);
});

it('has the hashes of every listed tool, one line each', () => {
  const { document } = lock({ files: { tools: [tool('read', { title: 'T' })] } });
  expect(lockText(document).split('\n')).toEqual([
    '{',
    '  "version": 1,',
    '  "servers": [',
    '    {',
    '      "name": "files",',
    '      "tools": [',
    '        {',
    '          "name": "read",',
    expect.stringMatching(/^ {10}"hash": "[0-9a-f]{64}",$/),
    '          "memberHashes": {',
    expect.stringMatching(/^ {12}"description": "[0-9a-f]{16}",$/),
    expect.stringMatching(/^ {12}"inputSchema": "[0-9a-f]{16}",$/),
    expect.stringMatching(/^ {12}"title": "[0-9a-f]{16}"$/),
    '          }',
    '        }',
    '      ]',
    '    }',
    '  ]',
    '}',
    '',
  ]);
});

it('changes the line of the member that changed, and that of the hash', () => {
  const lines = (description: string) =>
    lockText(lock({ files: { tools: [tool('read', { description })] } }).document).split('\n');
  const [before, after] = [lines('reads'), lines('reads\u200b')];
  expect(before.flatMap((line, at) => (line === after[at] ? [] : [line.trim().split(':')[0]]))).toEqual([
    '"hash"',
    '"description"',
  ]);
});

it('has one entry for servers of one name that offer the same, wherever they are', () => {
  const tools = [tool('read')];
  const { servers } = lock({
    files: { side: 'server', tools },
    'files#1': { endpoint: 'a:1', tools },
    'files#2': { endpoint: 'b:1' },
  }).document;
  expect(servers.map(({ name, endpoint }) => [name, endpoint])).toEqual([['files', undefined]]);
});

it('tells endpoints apart where they offer different tools', () => {
  const { servers } = lock({
    'files#1': { endpoint: 'a:1', tools: [tool('read')] },
    'files#2': { endpoint: 'b:1', tools: [tool('read', { title: 'T' })] },
    'files#3': { endpoint: 'c:1' },
  }).document;
  expect(servers.map(({ name, endpoint, tools }) => [name, endpoint, tools.length])).toEqual([
    ['files', 'a:1', 1],
    ['files', 'b:1', 1],
    ['files', 'c:1', 0],
  ]);
});

it('leaves out tools that are not listed any more, and names those that cannot be locked', () => {
  const { inventory } = clocked();
  const { id } = inventory.observeServer({ side: 'client', name: 'files' });
  const deep: unknown = Array.from({ length: 200 }).reduce((inner) => ({ inner }), {});
  inventory.observeTools(id, { tools: [tool('read'), tool('gone'), tool('deep', { inputSchema: deep })] });
  inventory.observeTools(id, { tools: [tool('read'), tool('deep', { inputSchema: deep })] });
  inventory.used(id, { tool: 'unlisted', at: 0, status: 'ok' });
  const { document, unlockable } = makeToolLock(inventory.snapshot());
  expect(document.servers[0]?.tools.map(({ name }) => name)).toEqual(['read']);
  expect(unlockable).toEqual([{ server: expect.objectContaining({ name: 'files' }), tool: 'deep' }]);
});

it('of nothing has no servers', () => {
  expect(lockText(lock({}).document)).toBe('{\n  "version": 1,\n  "servers": []\n}\n');
});
