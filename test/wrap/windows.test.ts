/** What `wrap` does differently on Windows, tried with its platform pretended: how commands are started, where `npx` is a script. */
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Child, codeFor, passOn, start } from '../../src/wrap/child.js';

const require = createRequire(import.meta.url);
const ENTRY = require.resolve('cross-spawn');

type Parsed = { readonly command: string; readonly args: readonly string[]; readonly options: object };
interface CrossSpawn {
  _parse(command: string, args: readonly string[], options: object): Parsed;
  _enoent: { hookChildProcess(child: EventEmitter, parsed: Parsed): void };
}

const loaded = () =>
  Object.keys(require.cache).filter((file) => /node_modules.(cross-spawn|which|isexe|path-key)/.test(file));
const forget = () => {
  for (const file of loaded()) delete require.cache[file];
};

const own = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wrap-'));
});
afterEach(() => {
  Object.defineProperty(process, 'platform', own);
  vi.unstubAllEnvs();
  forget();
  rmSync(folder, { recursive: true });
});

/** cross-spawn as it is on Windows. */
function onWindows(): CrossSpawn {
  forget();
  Object.defineProperty(process, 'platform', { ...own, value: 'win32' });
  return require(ENTRY);
}

describe('on Windows', () => {
  it('commands are started by cross-spawn, with the streams and the environment that they get elsewhere', () => {
    const calls: unknown[] = [];
    require(ENTRY);
    (require.cache[ENTRY] as NodeJS.Module).exports = (...args: unknown[]) => calls.push(args);
    start('npx', ['-y', 'some-server'], 'win32');
    expect(calls).toEqual([['npx', ['-y', 'some-server'], { stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true }]]);
  });

  it('a script is run by the command interpreter, its arguments quoted, and a program by itself', () => {
    for (const file of ['npx.CMD', 'uvx.EXE']) writeFileSync(join(folder, file), '', { mode: 0o755 });
    const env = { PATH: folder, PATHEXT: '.EXE;.CMD' };
    const { _parse } = onWindows();
    const script = _parse('npx', ['-y', 'a b', 'c&calc'], { env });
    expect(script.command).toBe(process.env['comspec'] ?? 'cmd.exe');
    expect(script.args.slice(0, 3)).toEqual(['/d', '/s', '/c']);
    expect(script.args[3]).toBe('"npx ^"-y^" ^"a^ b^" ^"c^&calc^""');
    expect(_parse('uvx', ['a b'], { env })).toMatchObject({ command: 'uvx', args: ['a b'] });
  });

  it('a command that is not found is 127, although the interpreter could be started', () => {
    const { _parse, _enoent } = onWindows();
    const parsed = _parse('no-such-command', [], { env: { PATH: folder, PATHEXT: '.EXE' } });
    const child = new EventEmitter();
    _enoent.hookChildProcess(child, parsed);
    const errors: NodeJS.ErrnoException[] = [];
    child.on('error', (error) => errors.push(error));
    child.emit('exit', 1, null);
    expect(errors.map(codeFor)).toEqual([127]);
  });

  describe('a command is ended', () => {
    /** A taskkill that writes down what it is asked for, and does or refuses it. */
    async function endedBy(script: string): Promise<[child: Child, asked: string]> {
      writeFileSync(join(folder, 'taskkill'), `#!/bin/sh\necho "$@" > "${folder}/asked"\n${script}\n`, { mode: 0o755 });
      vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
      const child = start('sleep', ['60'], 'linux');
      const over = once(child, 'exit');
      passOn('SIGTERM', child, 'win32');
      await over;
      return [child, readFileSync(join(folder, 'asked'), 'utf8')];
    }

    it('with everything that it has started', async () => {
      const [{ pid, signalCode }, asked] = await endedBy('kill -9 "$2"');
      expect({ asked, signalCode }).toEqual({ asked: `/pid ${pid} /t /f\n`, signalCode: 'SIGKILL' });
    });

    it('not, once it has ended: its number may be that of another', async () => {
      const [child] = await endedBy('kill -9 "$2"');
      rmSync(join(folder, 'asked'));
      passOn('SIGKILL', child, 'win32');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(existsSync(join(folder, 'asked'))).toBe(false);
    });

    it('alone, where that fails', async () => {
      const [{ signalCode }] = await endedBy('exit 1');
      expect(signalCode).toBe('SIGTERM');
    });
  });
});
