/** What docs/retention.md and examples/retention say of `mcp-trail retain`: the commands, the units, the hold and the output. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PRESETS, requestOf, USAGE } from '../../src/cli/retain/request.js';
import { retain } from '../../src/cli/retain.js';
import { holdOf } from '../../src/retain/hold.js';
import { ChainWriter } from '../support/chain-writer.js';
import { runCommand } from '../unit/cli/world.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = `${ROOT}examples/retention`;
const PAGE = readFileSync(`${ROOT}docs/retention.md`, 'utf8');
const read = (name: string) => readFileSync(`${EXAMPLES}/${name}`, 'utf8');

/** The arguments behind `mcp-trail retain`, up to the end of the line. */
function commandsIn(text: string): string[][] {
  return [...text.matchAll(/npx (?:--no-install )?mcp-trail retain (.*)/g)].map(([, args = '']) => args.split(' '));
}

describe('the examples of retention', () => {
  it.each(['mcp-trail-retain.service', 'mcp-trail-retain.cron'])('%s has a command that is understood', (name) => {
    const [args = []] = commandsIn(read(name));
    expect(requestOf(args, {})).toMatchObject({
      folder: '/var/log/mcp',
      archiveAfter: { text: '30d' },
      deleteAfter: { text: '6y' },
      encryptTo: ['/etc/mcp-trail/auditors.txt'],
      hold: '/etc/mcp-trail/hold.txt',
      key: '/etc/mcp-trail/retention.jwk',
      dryRun: false,
    });
  });

  it('hold.txt holds a file, a chain and a period, and nothing else', () => {
    const hold = holdOf(read('hold.txt'));
    if (typeof hold !== 'function') return expect.fail(hold.reason);
    const file = {
      name: 'other.jsonl',
      chains: [],
      oldest: Date.parse('2026-04-01'),
      newest: Date.parse('2026-04-02'),
    };
    expect(hold(file)).toBeUndefined();
    expect(hold({ ...file, name: 'audit-2026-03-31T093000Z-1.jsonl' })).toBe(2);
    expect(hold({ ...file, chains: ['019aa5b2-7c30-7f11-8a2b-3c4d5e6f7a8b'] })).toBe(3);
    expect(hold({ ...file, oldest: file.oldest - 1 })).toBe(4);
  });

  it('are all on the page', () => {
    expect(readdirSync(EXAMPLES).filter((name) => !PAGE.includes(`snippet: examples/retention/${name}`))).toEqual([]);
  });

  it('are units that systemd understands, where it is at hand', () => {
    const units = ['mcp-trail-retain.service', 'mcp-trail-retain.timer'];
    for (const unit of units) expect(read(unit)).toMatch(/^\[Unit\]\nDescription=\S.*\n/);
    const { error, stderr, status } = spawnSync('systemd-analyze', ['verify', ...units], {
      cwd: EXAMPLES,
      encoding: 'utf8',
    });
    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('docs/retention.md', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcp-trail-retention-'));
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  it('names each option that the command has', () => {
    const options = [...new Set(USAGE.match(/--[a-z][a-z-]+/g))].filter((name) => name !== '--help');
    expect(options.filter((name) => !PAGE.includes(`\`${name}`))).toEqual([]);
  });

  it('has commands that are understood', () => {
    const commands = commandsIn(PAGE).filter((args) => args[0] === '/var/log/mcp');
    expect(commands.length).toBeGreaterThan(2);
    for (const args of commands) expect(requestOf(args, {})).toMatchObject({ folder: '/var/log/mcp' });
  });

  it.each(Object.entries(PRESETS))('has the times of the preset %s', (name, [archive, remove]) => {
    const words = (time: string) =>
      time.replace(
        /^(\d+)([dy])$/,
        (_, count, unit) => `${count} ${unit === 'd' ? 'day' : 'year'}${count === '1' ? '' : 's'}`,
      );
    expect(PAGE).toContain(`| \`${name}\` | ${words(archive)} | ${words(remove)} |`);
  });

  it('shows what the command prints', async () => {
    const [, args = '', shown] = /<!-- output of: mcp-trail retain \S+ (.*) -->\n```\n([\s\S]*?)```/.exec(PAGE) ?? [];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-12-02T12:00:00Z') });
    const writer = new ChainWriter();
    for (const day of ['2020-11-20', '2026-08-20', '2026-11-20']) {
      const from = writer.lines.length;
      writer.nowMs = Date.parse(`${day}T00:00:00Z`) - 60_000;
      writer.calls(5);
      const path = join(folder, `audit-${day}T000000Z-1.jsonl`);
      writeFileSync(path, `${writer.lines.slice(from).join('\n')}\n`);
      utimesSync(path, new Date(`${day}T00:00:00Z`), new Date(`${day}T00:00:00Z`));
    }
    mkdirSync(join(folder, 'below'));
    const { out } = await runCommand(retain, [folder, ...args.split(' ')]);
    expect(out).toBe(shown);
  });
});
