/** The lines of servers and tools in a lock file. */
import { expect, it } from 'vitest';
import { linesIn } from '../../../../src/cli/inventory/lines.js';
import { lockText } from '../../../../src/cli/inventory/lock.js';
import type { ToolLockDocument } from '../../../../src/inventory/tool-lock.js';

const toolOf = (name: string, digit: string) => ({
  name,
  hash: digit.repeat(64),
  memberHashes: { description: digit.repeat(16) },
});

const LOCK: ToolLockDocument = {
  version: 1,
  servers: [
    { tools: [toolOf('description', 'a'), toolOf('hash', 'b')] },
    { name: 'name', tools: [toolOf('name', 'c'), toolOf('$&.*[', 'a')] },
    { name: 'description', endpoint: 'a:1', tools: [] },
  ],
};

/** The text of each line that is found. */
function found(text: string, document: ToolLockDocument): string[] {
  const lineOf = linesIn(text, document);
  const lines = document.servers.flatMap(({ tools }, entry) => [
    lineOf(entry, undefined),
    ...tools.map(({ name }) => lineOf(entry, name)),
  ]);
  return lines.map((line) => text.split('\n')[line - 1]?.trim() ?? '');
}

it('are those of their names, whatever else has the same', () => {
  expect(found(lockText(LOCK), LOCK)).toEqual([
    '{',
    '"name": "description",',
    '"name": "hash",',
    '"name": "name",',
    '"name": "name",',
    '"name": "$&.*[",',
    '"name": "description",',
  ]);
});

it('are those of the server for a tool that is not there, and the first for a server that is not', () => {
  const lineOf = linesIn(lockText(LOCK), LOCK);
  expect(lineOf(1, 'more')).toBe(lineOf(1, undefined));
  expect(lineOf(undefined, undefined)).toBe(1);
});

it('are found in a file of one line, and near what is written in another way', () => {
  expect(new Set(found(JSON.stringify(LOCK), LOCK)).size).toBe(1);
  const escaped = lockText(LOCK).replaceAll('"hash"', '"\\u0068ash"');
  expect(found(escaped, JSON.parse(escaped))).toHaveLength(7);
});

it('take no longer where nothing is found', () => {
  const tools = Array.from({ length: 10_000 }, (_, at) => toolOf(`t\u00fc${at}`, 'd'));
  const document: ToolLockDocument = { version: 1, servers: [{ name: 's', tools }] };
  const text = lockText(document).replaceAll('\u00fc', '\\u00fc').replaceAll('dd', '\\u0064d');
  expect(linesIn(text, JSON.parse(text))(0, 't\u00fc9999')).toBeGreaterThan(1);
}, 20_000);
