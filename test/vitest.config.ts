import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes long: many processes one after the other, each waited for to its end, secrets in every field there is, and floods. */
const LONG = [
  'test/contract/checklists.test.ts',
  'test/contract/compliance.test.ts',
  'test/doctor/*.test.ts',
  'test/safety/audit-answered.test.ts',
  'test/safety/audit-bad-settings.test.ts',
  'test/safety/audit-block.test.ts',
  'test/safety/audit-checkpoints.test.ts',
  'test/safety/audit-delegation.test.ts',
  'test/safety/audit-gap.test.ts',
  'test/safety/audit-processes.test.ts',
  'test/safety/audit-settings.test.ts',
  'test/safety/audit-sinks.test.ts',
  'test/safety/bounds.test.ts',
  'test/safety/canary-operator.test.ts',
  'test/safety/canary-processes.test.ts',
  'test/safety/canary-v*.test.ts',
  'test/safety/crashing.test.ts',
  'test/safety/ending*.test.ts',
  'test/safety/environment-context.test.ts',
  'test/safety/erasure.test.ts',
  'test/safety/exiting.test.ts',
  'test/safety/late-sdk.test.ts',
  'test/safety/other-api.test.ts',
  'test/safety/other-scopes.test.ts',
  'test/safety/silence-without-mcp.test.ts',
  'test/safety/silence.test.ts',
  'test/safety/starting.test.ts',
  'test/safety/unobserved.test.ts',
  'test/scenarios/ai-sdk.test.ts',
  'test/scenarios/audit-file-sync.test.ts',
  'test/scenarios/audit-inventory.test.ts',
  'test/scenarios/audit-tool-lock.test.ts',
  'test/scenarios/demo-timeline.test.ts',
  'test/scenarios/endings-http.test.ts',
  'test/scenarios/inventory-command.test.ts',
  'test/scenarios/relays.test.ts',
  'test/scenarios/retain-killed.test.ts',
  'test/scenarios/tmcp.test.ts',
  'test/unit/cli/exports/found.test.ts',
  'test/unit/cli/query/prefilter.test.ts',
  'test/unit/cli/verify/attacks-exports.test.ts',
  'test/unit/cli/verify/attacks.test.ts',
  'test/unit/cli/verify/flapping-sink.test.ts',
  'test/unit/cli/verify/flipped-bytes.test.ts',
  'test/unit/hook/sdk/tried-versions.test.ts',
  'test/unit/mapping/hostile.test.ts',
  'test/wrap/bytes.test.ts',
  'test/wrap/ends.test.ts',
  'test/wrap/observed.test.ts',
  'test/wrap/splice.test.ts',
  'test/wrap/twice.test.ts',
];

/**
 * Tests of code that keeps nothing between two calls, and changes nothing in its process, which each of these files is held to. They
 * share two processes: most of a small file's time is the start of one, and reading the modules that it imports.
 */
const SHARED = [
  'test/unit/{chain,describe,doctor,examples,inventory,lib,mapping,policy,protocol,redact,semconv,session}/**/*.test.ts',
  // These write records as a process does to its end, or replace functions of the file system.
  'test/unit/cli/**/!(erase|retain-refused).test.ts',
];

/** The Collector and its backends as real programs, which the first run builds. */
const STACK = 'test/stack/**/*.test.ts';

/**
 * What takes minutes, in the order in which it begins: waiting beside computing. Vitest begins with the largest files, and a small one
 * that takes long would run at the end, beside an idle core.
 */
const FIRST = [
  'stack/config-combinations.test.ts',
  'stack/resilience.test.ts',
  'stack/config-sampling.test.ts',
  'stack/elastic.test.ts',
  'stack/runner.test.ts',
  'safety/canary-v2-2026-07-28.test.ts',
  'safety/ending-endpoints.test.ts',
  'safety/canary-v2-legacy.test.ts',
  'safety/unobserved.test.ts',
  'safety/canary-v1.test.ts',
  'safety/exiting.test.ts',
  'verify/flipped-bytes.test.ts',
  'safety/crashing.test.ts',
  'verify/attacks-exports.test.ts',
];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = FIRST.findIndex((path) => moduleId.endsWith(path));
      return at < 0 ? FIRST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowestFirst },
    reporters: ['default', fileURLToPath(new URL('./support/retried.mjs', import.meta.url))],
    globalSetup: [fileURLToPath(new URL('./support/build.mjs', import.meta.url))],
    // Real servers and child processes: more files at once than cores only makes them wait for each other.
    maxWorkers: 2,
    // A test waits for the specific thing. That takes long where others share the cores, and means nothing.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // The OpenTelemetry API is global per process: files that use it must not share one.
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [...LONG, ...SHARED, STACK] } },
      {
        extends: true,
        test: {
          name: 'fast-shared',
          include: SHARED,
          exclude: LONG,
          isolate: false,
          setupFiles: [fileURLToPath(new URL('./support/shared-process.ts', import.meta.url))],
        },
      },
      // Real processes in limited time, as in the stack below.
      { extends: true, test: { name: 'long', include: LONG, testTimeout: 120_000, retry: 1 } },
      {
        extends: true,
        test: {
          name: 'stack',
          include: [STACK],
          globalSetup: [fileURLToPath(new URL('./stack/build-programs.ts', import.meta.url))],
          setupFiles: [fileURLToPath(new URL('./stack/support/explain.ts', import.meta.url))],
          // Real programs, two files at a time on two cores. A reporter names what passes only when it runs again.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
