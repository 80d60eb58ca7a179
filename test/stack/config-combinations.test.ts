import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choices } from '../../collector-config/stack/collector.mjs';
import { certificates } from './support/certificates.js';
import { type Choice, collectorPlace, type Place } from './support/collector.js';

/** Files with components that are not in the build; config-schemas.test.ts checks them against their schemas. */
const NOT_BUILT = { backends: ['datadog-apm'], overlays: ['auth-oidc', 'kubernetes'] };

/** Signals that each backend reads. */
const READS: Record<string, string> = {
  'archive-file': 'audit',
  'archive-s3': 'audit',
  datadog: 'audit logs traces metrics',
  'datadog-durable': 'audit',
  debug: 'audit logs traces metrics',
  'discard-rest': 'logs traces metrics',
  elastic: 'audit logs traces metrics',
  jaeger: 'traces',
  loki: 'audit logs traces metrics',
  splunk: 'audit logs traces metrics',
  'otlp-http': 'audit logs traces metrics',
  'syslog-cef': 'audit',
};
const SIGNALS = ['audit', 'logs', 'traces', 'metrics'];

const backends = choices('backends').filter((name) => !NOT_BUILT.backends.includes(name));
const overlays = choices('overlays').filter((name) => !NOT_BUILT.overlays.includes(name));
const subsets = (names: string[]) =>
  Array.from({ length: 2 ** names.length }, (_, chosen) => names.filter((_, bit) => chosen & (2 ** bit)));
const pairs = backends.flatMap((one, index) => backends.slice(index + 1).map((other) => [one, other]));
const combinations = [...backends.map((name) => [name]), ...pairs, backends];
/** Any three together, and any one or two left out: all sets are twice as many with each backend. Starting these would take an hour. */
const larger = subsets(backends).filter(
  ({ length }) => length === 3 || backends.length - length === 1 || backends.length - length === 2,
);

const unread = (names: string[]) =>
  SIGNALS.filter((signal) => !names.some((name) => READS[name]?.split(' ').includes(signal)));

let place: Place;
let secured: Record<string, string>;

beforeAll(async () => {
  place = await collectorPlace();
  secured = (await certificates(place.folder)).server;
});
afterAll(() => place.remove());

it('lists the signals of every backend', () => {
  expect(backends).toEqual(Object.keys(READS).sort());
  expect(combinations).toHaveLength(1 + (backends.length * (backends.length + 1)) / 2);
});

describe.each(subsets(overlays).map((chosen) => ({ chosen, label: chosen.join(' + ') || 'no overlay' })))(
  'with $label',
  ({ chosen }) => {
    // Overlays change no pipeline of a backend: pairs are started without them.
    const some = combinations.filter(({ length }) => length !== 2 || chosen.length === 0);
    const complete = some.filter((names) => unread(names).length === 0);
    const incomplete = some.filter((names) => unread(names).length > 0);

    it.each(complete.map((names) => ({ names, label: names.join(' + ') })))(
      '$label is valid and starts',
      async ({ names }) => {
        const choice: Choice = { backends: names, overlays: chosen };
        expect(await place.validate(choice, secured)).toEqual({ code: 0, output: '' });
        const collector = await place.start(choice, secured);
        expect(collector.output).not.toMatch(/deprecat|"level":"error"/i);
        await collector.kill(); // Another test covers clean shutdown, which takes long with unreachable backends.
      },
    );

    it.each(incomplete.map((names) => ({ names, label: names.join(' + ') })))(
      '$label is rejected, because a signal has no reader',
      async ({ names }) => {
        const { code, output } = await place.validate({ backends: names, overlays: chosen }, secured);
        expect(code).toBe(1);
        const signal = /connector "forward\/(\w+)" used as exporter.* but not used in any supported receiver/.exec(
          output,
        );
        expect(unread(names)).toContain(signal?.[1]);
      },
    );
  },
);

it('larger sets of backends are valid if every signal has a reader', async () => {
  const wrong: string[][] = [];
  const left = larger.values();
  const one = async () => {
    for (const names of left) {
      const { code } = await place.validate({ backends: names });
      if ((code === 0) !== (unread(names).length === 0)) wrong.push(names);
    }
  };
  await Promise.all([one(), one(), one()]);
  expect(wrong).toEqual([]);
  const [count, pairs] = [backends.length, (backends.length * (backends.length - 1)) / 2];
  expect(larger).toHaveLength((pairs * (count - 2)) / 3 + count + pairs);
}, 300_000);

it('rejects the base configuration alone', async () => {
  const { code, output } = await place.validate({});
  expect(code).toBe(1);
  expect(output).toContain('but not used in any supported receiver pipeline');
});
