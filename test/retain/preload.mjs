/**
 * Preloaded: the process lives at another time, by as many milliseconds as one variable says, and is killed before the file
 * system is changed for the time that another one says.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

const by = Number(process.env['TEST_CLOCK_MS'] ?? 0);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Real.now() + by] : parts));
  }

  static now() {
    return Real.now() + by;
  }
};

let left = Number(process.env['TEST_KILL_AT'] ?? Number.POSITIVE_INFINITY);

/** Has the last allowed call of a function be the last thing that the process does. */
function counted(owner, name) {
  const original = owner[name];
  owner[name] = function (...args) {
    left -= 1;
    if (left <= 0) process.kill(process.pid, 'SIGKILL');
    return original.apply(this, args);
  };
}

const CHANGES = [
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'unlinkSync',
  'writeFileSync',
  'writeSync',
];
for (const name of CHANGES) counted(fs, name);
const file = await open(fileURLToPath(import.meta.url));
for (const name of ['sync', 'write', 'writeFile']) counted(Object.getPrototypeOf(file), name);
await file.close();
syncBuiltinESMExports();
