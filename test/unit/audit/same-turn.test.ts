import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { SameTurn } from '../../../src/audit/same-turn.js';

afterEach(() => diag.disable());

/** Resolves after so many microtasks. */
async function microtasks(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await undefined;
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('what follows in the same turn', () => {
  it('is not waited for where it is there already', () => {
    const log: string[] = [];
    new SameTurn().run(
      () => true,
      () => log.push('done'),
    );
    expect(log).toEqual(['done']);
  });

  it('is waited for, and no input or timer comes before', async () => {
    const log: string[] = [];
    let there = false;
    setImmediate(() => log.push('another turn'));
    new SameTurn().run(
      () => there,
      () => log.push('done'),
    );
    await microtasks(6);
    there = true;
    expect(log).toEqual([]);
    await nextTurn();
    expect(log).toEqual(['done', 'another turn']);
  });

  it('is not waited for beyond the turn', async () => {
    const log: string[] = [];
    setImmediate(() => log.push('another turn'));
    new SameTurn().run(
      () => false,
      () => log.push('done without'),
    );
    await nextTurn();
    expect(log).toEqual(['done without', 'another turn']);
  });

  it('is not waited for when everything has to be done now', async () => {
    const log: string[] = [];
    const turn = new SameTurn();
    for (const name of ['first', 'second']) {
      turn.run(
        () => false,
        () => log.push(name),
      );
    }
    turn.flush();
    expect(log).toEqual(['first', 'second']);
    await nextTurn();
    expect(log).toEqual(['first', 'second']);
  });

  it('does not harm the process when it throws', async () => {
    const reports: string[] = [];
    const note = (text: string) => void reports.push(text);
    diag.setLogger(
      { error: note, warn: note, info: note, debug: note, verbose: note },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
    const turn = new SameTurn();
    turn.run(
      () => false,
      () => {
        throw new Error('of ours');
      },
    );
    expect(() => turn.flush()).not.toThrow();
    expect(reports.join()).toContain('writing an audit record');
  });
});
