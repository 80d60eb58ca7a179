import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Makes reading the environment fail, as runtimes with permissions do. */
const REFUSED = `class NotCapable extends Error { name = 'NotCapable'; }
  const get = (env, name) => {
    if (/^(?:OTEL|MCP_TRAIL)_/.test(String(name))) throw new NotCapable('Requires env access to "' + name + '"');
    return env[name];
  };
  Object.defineProperty(process, 'env', { value: new Proxy(process.env, { get }) });`;

it('lets the application start where it cannot start itself, and says so in one line', async () => {
  const args = [
    ...['--import', `data:text/javascript,${encodeURIComponent(REFUSED)}`],
    ...['--import', 'mcp-trail/register', '--input-type=module', '--eval', 'console.log("application")'],
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 50_000 });
  expect(stdout).toBe('application\n');
  expect(stderr).toBe('mcp-trail: could not start (NotCapable), nothing is observed. Deno needs --allow-env\n');
});
