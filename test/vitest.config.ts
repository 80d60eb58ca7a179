import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('./support/build.ts', import.meta.url))],
    // Real servers and child processes: more files at once than cores only makes them wait for each other.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // The OpenTelemetry API is global per process: files must not share one.
    pool: 'forks',
  },
});
