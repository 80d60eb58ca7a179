import * as resources from '@opentelemetry/resources';
import { describe, expect, it } from 'vitest';
import { resourceDetectors, withoutCommandLine } from '../../../src/lifecycle/resource-detectors.js';

/** Detectors by the names of the SDK's exports; each detects its own name. */
const ALL = Object.fromEntries(
  ['envDetector', 'hostDetector', 'osDetector', 'processDetector', 'serviceInstanceIdDetector'].map((name) => [
    name,
    { detect: () => ({ attributes: { name } }) },
  ]),
);

function namesOf(line: '2.x' | '3.x', chosen: string | undefined, exports: object = ALL): unknown[] {
  const detectors = resourceDetectors(exports as Record<string, unknown>, line, chosen);
  return detectors.map((detector) => detector.detect().attributes?.['name']);
}

describe('the resource detectors', () => {
  it.each(['none', ' none ', 'env,none', 'NONE,all'])('are empty if %o is chosen', (chosen) => {
    expect(namesOf('2.x', chosen)).toEqual([]);
  });

  it.each(['acme', '__proto__', 'constructor', 'toString', 'envDetector'])(
    'leave out %o, which is unknown',
    (chosen) => {
      expect(namesOf('2.x', `env,${chosen}`)).toEqual(['envDetector']);
    },
  );

  it('leave out detectors that the installed SDK does not have', () => {
    const { envDetector } = ALL;
    expect(namesOf('3.x', 'all', { envDetector })).toEqual(['envDetector']);
  });

  it.each([
    ['2.x', ['envDetector', 'processDetector', 'hostDetector']],
    ['3.x', ['serviceInstanceIdDetector', 'processDetector', 'hostDetector', 'osDetector', 'envDetector']],
  ] as const)('of the %s line are its defaults if nothing is chosen', (line, names) => {
    for (const chosen of [undefined, '', ' , ,']) expect(namesOf(line, chosen)).toEqual(names);
  });

  it.each([
    ['all', ['serviceInstanceIdDetector', 'processDetector', 'hostDetector', 'osDetector', 'envDetector']],
    ['os', ['osDetector']],
    [' HOST , env', ['hostDetector', 'envDetector']],
    ['serviceinstance,process', ['serviceInstanceIdDetector', 'processDetector']],
  ])('are the chosen ones: %o', (chosen, names) => {
    expect(namesOf('2.x', chosen)).toEqual(names);
  });
});

describe('a detector without the command line', () => {
  it('withholds it and nothing else', () => {
    const attributes = {
      'process.command_args': ['--token', 'secret'],
      'process.command_line': 'secret',
      'process.command': 'a',
      'process.pid': 1,
    };
    expect(withoutCommandLine({ detect: () => ({ attributes }) }).detect()).toEqual({
      attributes: { 'process.command': 'a', 'process.pid': 1 },
    });
  });

  it('redacts a secret in the path of the program', () => {
    const token = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
    const attributes = { 'process.command': `/srv/${token}/server.js`, 'process.owner': 'joe' };
    expect(withoutCommandLine({ detect: () => ({ attributes }) }).detect()).toEqual({
      attributes: { 'process.command': '/srv/[REDACTED:github]/server.js', 'process.owner': 'joe' },
    });
  });

  it('keeps other attributes, and passes the configuration on', () => {
    const detector = withoutCommandLine({ detect: (config) => ({ attributes: {}, schemaUrl: 'x', config }) as object });
    expect(detector.detect({ a: 1 })).toEqual({ attributes: {}, schemaUrl: 'x', config: { a: 1 } });
  });

  it('accepts a detector that detects nothing', () => {
    expect(withoutCommandLine({ detect: () => ({}) }).detect()).toEqual({ attributes: {} });
  });

  it('withholds the command line that the SDK’s process detector detects', () => {
    const before = resources.processDetector.detect().attributes ?? {};
    const after = withoutCommandLine(resources.processDetector as never).detect().attributes ?? {};
    expect(Object.keys(before)).toContain('process.command_args');
    const withheld = Object.keys(before).filter((key) => !(key in after));
    expect(withheld.filter((key) => !['process.command_args', 'process.command_line'].includes(key))).toEqual([]);
    expect(withheld).toContain('process.command_args');
  });
});
