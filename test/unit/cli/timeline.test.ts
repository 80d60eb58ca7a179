import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/cli/command.js';
import { timeline } from '../../../src/cli/timeline.js';
import { CORRELATION, call, jsonLines } from './records.js';

const RECORDS = jsonLines(call('agent', { side: 'client', from: 0, tool: 'a-tool-with-a-long-name' }));

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(RECORDS);
}

/** What is written, and the exit code. */
async function run(out: Partial<World['out']>, env: World['env'] = {}) {
  const written: string[] = [];
  const complained: string[] = [];
  const world: World = {
    input: bytes(),
    out: { write: (part) => written.push(part), terminal: false, columns: undefined, ...out },
    complain: (part) => complained.push(part),
    env,
  };
  const code = await timeline.run([CORRELATION, '-'], world);
  return { code, text: written.join(''), complaints: complained };
}

describe('the timeline on a terminal', () => {
  it('has colours', async () => {
    const { code, text, complaints } = await run({ terminal: true });
    expect({ code, complaints }).toEqual({ code: 0, complaints: [] });
    expect(text).toContain('\u001b[33mno response\u001b[0m');
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours with %j', async (env) => {
    expect((await run({ terminal: true }, env)).text).not.toContain('\u001b');
  });

  it('has colours with an empty NO_COLOR, which has no effect', async () => {
    expect((await run({ terminal: true }, { NO_COLOR: '', TERM: 'xterm' })).text).toContain('\u001b');
  });

  it('stays within its width', async () => {
    const lines = (await run({ columns: 75 })).text.split('\n').slice(2, 4);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(75);
    expect(lines[1]).toContain('…');
  });
});

describe('the timeline in a pipe', () => {
  it('has neither colours nor a width', async () => {
    const { text } = await run({});
    expect(text).not.toContain('\u001b');
    expect(text).toContain('tools/call a-tool-with-a-long-name');
  });
});
