/** What docs/audit.md says of `mcp-trail query`, `inventory` and `annotate`: the output of its commands, and the names of fields. `npm run generate` writes both. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { annotate } from '../../src/cli/annotate.js';
import { inventory } from '../../src/cli/inventory.js';
import { FIELDS } from '../../src/cli/query/fields.js';
import { query } from '../../src/cli/query.js';
import { Inventory } from '../../src/inventory/inventory.js';
import { newKeyFile } from '../support/signing-key.js';
import { smallTrail } from '../support/small-trail.js';
import { runCommand } from '../unit/cli/world.js';
import { UPDATING } from './audit-registry/files.js';

const PAGE = fileURLToPath(new URL('../../docs/audit.md', import.meta.url));
const FOLDER = '/var/log/mcp';
const COMMANDS = { query, inventory, annotate };
const COMMAND = /(?<=```console\n(?:\$ export .*\n)?\$ npx mcp-trail )(query|inventory|annotate) (.*)\n[^`]*(?=```)/g;
const TABLE = /(?<=<!-- query-fields -->\n)[\s\S]*(?=<!-- \/query-fields -->)/;

let folder = '';
let state = '';
const zone = process.env['TZ'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-questions-'));
  for (const [name, lines] of Object.entries(smallTrail())) writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  process.env['TZ'] = 'UTC';
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-30T10:00:00Z') });
  state = mkdtempSync(join(tmpdir(), 'mcp-trail-state-'));
  const known = new Inventory({ now: () => Date.parse('2026-11-12T08:00:11Z'), file: join(state, 'inventory.json') });
  for (const name of ['sights', 'weather']) known.observeServer({ side: 'server', name });
  known.close();
});

afterEach(() => {
  vi.useRealTimers();
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
  rmSync(folder, { recursive: true });
  rmSync(state, { recursive: true });
});

/** Without one, a line on stderr says that nothing is signed. */
function key(): string {
  return newKeyFile(state).path;
}

async function answered(page: string): Promise<string> {
  let text = page;
  for (const [block, name, args = ''] of page.matchAll(COMMAND)) {
    const command = COMMANDS[name as keyof typeof COMMANDS];
    const env = {
      MCP_TRAIL_AUDIT_STATE_DIRECTORY: state,
      MCP_TRAIL_AUDIT_FILE: join(state, 'annotations.jsonl'),
      MCP_TRAIL_AUDIT_SIGNING_KEY_FILE: key(),
    };
    const { code, out, err } = await runCommand(command, args.replace(FOLDER, folder).split(' '), '', env);
    expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
    text = text.replace(block, () => `${name} ${args}\n${out}`);
  }
  return text;
}

function table(): string {
  const rows = FIELDS.map(({ name, keys }) => `| ${name} | ${keys.map((key) => `\`${key}\``).join(', ')} |\n`);
  return ['| name | field |\n', '| --- | --- |\n', ...rows].join('');
}

it('docs/audit.md has the output of its commands, and the names of fields', async () => {
  const page = readFileSync(PAGE, 'utf8');
  expect([...page.matchAll(COMMAND)].length).toBeGreaterThanOrEqual(6);
  const written = (await answered(page)).replace(TABLE, `\n${table()}\n`);
  if (UPDATING) writeFileSync(PAGE, written);
  else expect(page, 'npm run generate').toBe(written);
});

it('the questions take 3 kB of docs/audit.md at most', () => {
  const [section = ''] = /^## Questions\n[\s\S]*?(?=^## )/m.exec(readFileSync(PAGE, 'utf8')) ?? [];
  expect(section).toContain('--actor alice');
  expect(Buffer.byteLength(section)).toBeLessThanOrEqual(3_072);
});
