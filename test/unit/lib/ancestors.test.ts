import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { ancestorCommands } from '../../../src/lib/ancestors.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-ancestors-'));

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the commands of the processes above', () => {
  it('are read from /proc on Linux, the nearest first', () => {
    const [parent = ''] = ancestorCommands('linux');
    expect(parent).toMatch(/node|vitest/);
  });

  it('are those that ps tells on macOS, as far as it tells them', () => {
    const lines = [`[ "$*" = "-ww -o ppid= -o args= -p ${process.ppid}" ] && echo "  4242 node mcp-trail wrap -- x"`];
    lines.push('[ "$7" = 4242 ] && echo "    1 /bin/zsh -l"');
    writeFileSync(join(folder, 'ps'), `#!/bin/sh\n${lines.join('\n')}\n[ "$7" != 1 ]\n`);
    chmodSync(join(folder, 'ps'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    expect([...ancestorCommands('darwin')]).toEqual(['node mcp-trail wrap -- x', '/bin/zsh -l']);
  });

  it('are unknown on Windows', () => {
    expect([...ancestorCommands('win32')]).toEqual([]);
  });
});
