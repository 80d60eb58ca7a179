/** A check that finds nothing is worth something only if it finds what is wrong. */
import { describe, expect, it } from 'vitest';
import { toOcsf } from '../../../src/mapping/index.js';
import { wrongInOcsf } from './check.js';
import { FULL } from './samples.js';

type Event = Record<string, any>;

const broken: readonly [what: string, damaged: (event: Event) => Event, said: string][] = [
  ['lacks a required member', ({ src_endpoint: _, ...event }) => event, 'src_endpoint is missing'],
  ['lacks one of several', (event) => ({ ...event, src_endpoint: { port: 1 } }), 'src_endpoint.lacks one of'],
  ['has a member that the class has not', (event) => ({ ...event, device: {} }), 'device is not a member'],
  ['has a value outside of the set', (event) => ({ ...event, severity_id: 7 }), 'severity_id is 7'],
  ['has a value of another type', (event) => ({ ...event, time: 'now' }), 'time is not of the type timestamp'],
  [
    'has something else than a list',
    (event) => ({ ...event, policy: { name: ['a'] } }),
    'policy.name is not of the type string',
  ],
  ['has an empty list', (event) => ({ ...event, resources: [] }), 'resources is empty'],
  [
    'has an invalid address',
    (event) => ({ ...event, src_endpoint: { ip: '1.2.3' } }),
    'src_endpoint.ip is not of the type ip',
  ],
  [
    'does not name a profile',
    ({ metadata: { profiles: _, ...metadata }, ...event }) => ({ ...event, metadata }),
    'profile trace',
  ],
  ['has the type of another activity', (event) => ({ ...event, type_uid: 600301 }), 'type_uid'],
  ['is of no class', (event) => ({ ...event, class_uid: 6001 }), 'class_uid 6001'],
];

describe('the check reports the problems of an event', () => {
  it.each(broken)('that %s', (_, damaged, said) => {
    expect(wrongInOcsf(damaged(toOcsf(FULL)))).toContainEqual(expect.stringContaining(said));
  });
});
