/** Shows what the programs of a failed test have said: a failure in CI has to be understood from its log. */
import { afterEach } from 'vitest';
import { startedPrograms } from '../../../collector-config/stack/process.mjs';

/** Those of a stack. */
const PROGRAMS = 4;
const LINES = 25;
const INFO = '{"level":"info"';

afterEach(({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const { name, output } of startedPrograms.slice(-PROGRAMS)) {
    const lines = output
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith(INFO));
    console.error(
      `the last lines of ${name}:\n${lines
        .slice(-LINES)
        .map((line) => line.slice(0, 500))
        .join('\n')}\n`,
    );
  }
});
