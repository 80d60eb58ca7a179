import { describe, expect, test } from 'vitest';
import { isNamedSecret } from '../../../src/redact/named-values.js';
import { scrub } from '../../../src/redact/scrub.js';
import { copyStructure } from '../../../src/redact/structure.js';
import { hex, noise } from './samples.js';

const clean = (text: string) => scrub(text, text.length, true);
const HIDDEN = '[REDACTED:assignment]';
const uuid = [hex(8), hex(4), hex(4), hex(4), hex(12)].join('-');

describe('a value is hidden because of the service’s name before it', () => {
  test.each([
    ['algolia', `algolia = ${noise(32)}`, `algolia = ${HIDDEN}`],
    ['a longer name', `MY_ALGOLIA_ADMIN=${noise(32)}`, `MY_ALGOLIA_ADMIN=${HIDDEN}`],
    ['JSON', `{"algolia":"${noise(32)}"}`, `{"algolia":"${HIDDEN}"}`],
    ['JSON in JSON', JSON.stringify(`{"algolia":"${noise(32)}"}`), JSON.stringify(`{"algolia":"${HIDDEN}"}`)],
    ['code', `datadog => '${noise(40)}'`, `datadog => '${HIDDEN}'`],
    ['a list', `okta, "00${noise(40)}"`, `okta, "${HIDDEN}"`],
    ['a UUID', `heroku: ${uuid}`, `heroku: ${HIDDEN}`],
    ['percent-encoding', `q=x&next=algolia%3D${noise(32)}`, `q=x&next=algolia%3D${HIDDEN}`],
  ])('in %s', (_, text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  test('as a member of an object', () => {
    const copy = copyStructure(
      { algolia: noise(32), Twitch_Bot: noise(30), other: noise(32), algolia_index: noise(32) },
      8192,
    );
    expect(copy).toEqual({
      algolia: '[REDACTED]',
      Twitch_Bot: '[REDACTED]',
      other: noise(32),
      algolia_index: noise(32),
    });
  });
});

describe('a value stays', () => {
  test.each([
    ['without the name', `other = ${noise(32)}`],
    ['of another length', `algolia = ${noise(31)}`],
    ['that goes on', `algolia = ${noise(32)}-x`],
    ['made of letters alone', 'dropbox: congratulations'],
    ['made of digits alone', 'confluent: 2025010112000000'],
    ['too regular for its rule', `plaid: ${'ab1'.repeat(10)}`],
    ['that identifies something', `sentry_release: ${hex(64)}, netlify commit: ${hex(40)}, heroku_app_id=${uuid}`],
    ['after the end of a word', `protravis: ${noise(22)}`],
  ])('%s', (_, text) => {
    expect(clean(text)).toBe(text);
  });

  test('of a member that is not text, or not secret', () => {
    expect(isNamedSecret('algolia', 42)).toBe(false);
    expect(isNamedSecret('algolia', 'products')).toBe(false);
    expect(isNamedSecret('algolia', `${noise(32)} and more`)).toBe(false);
  });
});
