import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What Cloudflare Workers refuse while they are loaded. */
const REFUSING = `const crypto = require('node:crypto');
  const refused = (name) => () => { throw new Error(name + ' is not allowed within global scope'); };
  for (const name of ['randomBytes', 'randomFillSync', 'randomUUID', 'randomInt']) crypto[name] = refused(name);
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch']) globalThis[name] = refused(name);`;

it.each(['mcp-trail', 'mcp-trail/semconv', 'mcp-trail/mappings'])(
  '%s loads without randomness and timers',
  async (entry) => {
    const source = `${REFUSING} console.log(Object.keys(require('${entry}')).length > 0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', source], { cwd: ROOT, timeout: 50_000 });
    expect(stdout).toBe('true\n');
  },
);
