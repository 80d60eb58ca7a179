/** Archives that `mcp-trail retain` encrypts, in the hands of age's own command. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programs } from '../../collector-config/stack/programs.mjs';
import { ChainWriter } from '../support/chain-writer.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DAY_MS = 86_400_000;
const NAME = 'audit-2026-11-21T093000Z-1.jsonl';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcp-trail-age-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('an encrypted archive', () => {
  it.each([
    ['short', 1],
    // Of several chunks: age encrypts 64 KiB at a time.
    ['long', 3000],
  ])('opens with age, by the identity that age-keygen made, if it is %s', async (kind, calls) => {
    const { age = '', 'age-keygen': keygen = '' } = await programs(['age']);
    const folder = join(scratch, kind);
    mkdirSync(folder);
    const [identity, recipients] = [join(folder, 'identity.txt'), join(folder, 'recipients.txt')];
    execFileSync(keygen, ['-o', identity], { stdio: 'ignore' });
    writeFileSync(recipients, execFileSync(keygen, ['-y', identity]));
    const bytes = `${new ChainWriter().calls(calls).lines.join('\n')}\n`;
    writeFileSync(join(folder, NAME), bytes);
    const [now, written] = [Date.now() + DAY_MS, (Date.now() - DAY_MS) / 1000];
    utimesSync(join(folder, NAME), written, written);
    execFileSync(
      process.execPath,
      ['dist/cjs/cli.js', 'retain', folder, '--archive-after', '1d', '--encrypt-to', recipients],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          NODE_OPTIONS: `--import ${new URL('../retain/preload.mjs', import.meta.url)}`,
          TEST_CLOCK_MS: String(now - Date.now()),
        },
      },
    );
    const [archive = ''] = readdirSync(join(folder, 'archive')).filter((name) => name.endsWith('.jsonl.gz.age'));
    const zipped = execFileSync(age, ['--decrypt', '--identity', identity, join(folder, 'archive', archive)]);
    expect(gunzipSync(zipped).toString()).toBe(bytes);
    expect(readFileSync(join(folder, 'archive', archive)).length).toBeLessThan(bytes.length);
  });
});
