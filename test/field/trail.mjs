/** The packed mcp-trail, installed like an operator's: in a folder of its own, with an SDK beside it, used by its absolute path. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { otelLines } from '../matrix/axes.mjs';
import { freshApp, pack } from '../matrix/packages.mjs';

/** @param {{ name: string, on: any, otel: string, scratch: string }} options */
export async function installTrail({ name, on, otel, scratch }) {
  const folder = path.join(scratch, 'trail');
  await mkdir(path.join(scratch, 'packed'), { recursive: true });
  const packed = await pack(path.join(scratch, 'packed'));
  await freshApp({ name, on, dependencies: otelLines[otel] }, folder);
  await on.npm(['install', packed.file], folder);
  const dist = path.join(folder, 'node_modules', packed.name, 'dist');
  const register = path.join(dist, 'esm', 'register.js');
  const command = path.join(dist, 'cjs', 'cli.js');
  const audit = (/** @type {string} */ file) => ({ MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: file });
  return {
    version: packed.version,
    /** The words of the command `mcp-trail`. */
    command: [on.node, command],
    /** Variables for `mcp-trail wrap`. @param {string} file of audit records */
    wrapEnv: audit,
    /** Variables for a process, and its children, to be observed. @param {string} file of audit records */
    env: (file) => ({
      NODE_OPTIONS: `--import=${pathToFileURL(register).href}`,
      ...audit(file),
    }),
  };
}
