/**
 * What a Node.js process tells about itself: a file that `--require` loads first, and that writes beside itself. It changes nothing,
 * keeps no process alive, and says nothing.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../lib/attempt.js';
import { readJsonFile } from '../lib/json-file.js';
import { PACKAGE_NAME } from '../lib/version.js';
import { asRecord } from '../protocol/jsonrpc.js';

/** A process as it was last. */
export interface Seen {
  readonly pid: number;
  readonly node: string;
  /** Its entry file. */
  readonly entry: string | undefined;
  readonly cwd: string;
  /** Files of this package that were loaded. */
  readonly ours: readonly string[];
  /** Whether it uses MCP, as far as this package has seen. */
  readonly speaksMcp: boolean;
  readonly copies: readonly { readonly name: string; readonly version?: string; readonly hooked: boolean }[];
  /** What could not be instrumented, and why. */
  readonly notes: readonly { readonly reason: string; readonly file?: string; readonly detail?: string }[];
}

const FILE = 'probe.cjs';
const MAX_PROCESSES = 50;
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** CommonJS of any version of Node.js. */
const SOURCE = `'use strict';
if (require('node:worker_threads').isMainThread) {
  const { renameSync, writeFileSync } = require('node:fs');
  const file = require('node:path').join(__dirname, String(process.pid));
  const ours = /[\\\\/]dist[\\\\/]cjs[\\\\/](?:index|zero-code|core[\\\\/]observe)\\.js$/;
  const shared = (name) => globalThis[Symbol.for('mcp-trail.' + name)] || {};
  let last;
  const tell = () => {
    try {
      const { copies, noted } = shared('unobserved-causes');
      const text = JSON.stringify({
        pid: process.pid,
        node: process.version,
        entry: process.argv[1],
        cwd: process.cwd(),
        ours: Object.keys(require.cache).filter((each) => ours.test(each)),
        speaksMcp: shared('quiet').seen === true,
        copies: copies || [],
        notes: noted || [],
      });
      if (text === last) return;
      last = text;
      writeFileSync(file, text, { mode: 0o600 });
      renameSync(file, file + '.json');
    } catch {}
  };
  tell();
  setInterval(tell, 250).unref();
  process.on('exit', tell);
}
`;

/** Writes the file into a folder of its own, and returns the value of `NODE_OPTIONS` that loads it. */
export function probeIn(folder: string, options: string | undefined): string {
  const file = join(folder, FILE);
  writeFileSync(file, SOURCE);
  return `${options ?? ''} --require ${JSON.stringify(file)}`.trim();
}

/** The folder of the package that a file of its build belongs to. */
export const folderOf = (file: string): string => file.replace(/[/\\]dist[/\\]cjs[/\\].*$/s, '');

/** The version of this package that a file belongs to; undefined if it belongs to another. */
export function versionOf(file: string): string | undefined {
  const read = readJsonFile(join(folderOf(file), 'package.json'), MAX_MANIFEST_BYTES);
  const { name, version } = ('value' in read && asRecord(read.value)) || {};
  return name === PACKAGE_NAME ? String(version) : undefined;
}

/** The processes that have told something, in the order of their start. */
export function processesIn(folder: string): readonly Seen[] {
  const names = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
  const read = names.slice(0, MAX_PROCESSES).flatMap((name) => {
    const seen = attempt(() => asRecord(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
    if (seen === undefined) return [];
    const process = seen as unknown as Seen;
    return [{ ...process, ours: process.ours.filter((file) => versionOf(file) !== undefined) }];
  });
  return read.sort((a, b) => a.pid - b.pid);
}
