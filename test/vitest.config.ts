import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What takes long: many processes one after the other, each waited for to its end, and secrets in every field there is. */
const LONG = [
  'test/contract/checklists.test.ts',
  'test/safety/audit-bad-settings.test.ts',
  'test/safety/audit-processes.test.ts',
  'test/safety/audit-settings.test.ts',
  'test/safety/canary-processes.test.ts',
  'test/safety/canary-v*.test.ts',
  'test/safety/crashing.test.ts',
  'test/safety/ending.test.ts',
  'test/safety/starting.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: [fileURLToPath(new URL('./support/build.ts', import.meta.url))],
    // Real servers and child processes: more files at once than cores only makes them wait for each other.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // The OpenTelemetry API is global per process: files must not share one.
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: LONG } },
      { extends: true, test: { name: 'long', include: LONG, testTimeout: 60_000 } },
    ],
  },
});
