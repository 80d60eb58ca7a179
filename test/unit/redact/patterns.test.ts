import { beforeAll, describe, expect, test } from 'vitest';
import { isOrdinary } from '../../../src/redact/patterns.js';
import { scrub } from '../../../src/redact/scrub.js';
import { TOKEN_SHAPES } from '../../../src/redact/secret-formats.js';
import { EVIL } from './evil-texts.js';
import { GROWTH_LIMIT, type Growth, measuredGrowth } from './growth.js';
import { AT, githubToken, hex, jwt, LOOK_ALIKES, noise, privateKey, SECRETS, shortest } from './samples.js';

const clean = (text: string) => scrub(text, text.length, true);

describe('no secret passes', () => {
  const surroundings: Record<string, (text: string) => string> = {
    alone: (text) => text,
    'in prose': (text) => `It says: ${text} and then goes on.`,
    'in lines': (text) => `first line\n${text}\nlast line`,
    'in JSON': (text) => JSON.stringify({ note: `see\n${text}\nthere` }),
    'after an encoded sign': (text) => `note%20${text}`,
  };
  for (const [name, { secret, text = secret }] of Object.entries(SECRETS)) {
    test.each(Object.entries(surroundings))(`${name}, %s`, (_, around) => {
      const result = clean(around(text));
      expect(result).not.toContain(secret);
      expect(result).toMatch(/\[REDACTED:[a-z-]+\]/);
    });
  }

  test('two secrets side by side are both hidden', () => {
    const result = clean(`${githubToken} ${jwt},${githubToken}`);
    expect(result).toBe('[REDACTED:github] [REDACTED:jwt],[REDACTED:github]');
  });

  test.each([
    ['Bearer tokens', `Bearer ${noise(32)}/Bearer ${hex(32)}`],
    ['a word that is not a token, and a Bearer token', `bearer authentication/Bearer ${noise(32)}`],
    [
      'Basic credentials',
      ['joe:hunter2', 'ann:hunter3'].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`).join('/'),
    ],
    ['Basic and Bearer', `Basic ${Buffer.from('joe:hunter2').toString('base64')}/Bearer ${noise(32)}`],
    ['assignments', `password=a7/password="${noise(8)} ${hex(8)}"`],
    ['options', `--password a7/--token "${noise(8)} ${hex(8)}"`],
    ['tokens of one row', `${githubToken}${githubToken}`],
    ['tokens of one row whose mark the first can swallow', `sk-ant-${noise(40)}-sk-ant-${hex(40)}`],
    ['tokens of several rows', `sk-ant-${noise(40)}-SG.${noise(22)}.${hex(43)}`],
    ['commands', `curl -u joe:hunter2/curl -u "ann:hunter3 ${noise(12)}"`],
  ])('one after the other, none keeps the next from being seen: %s', (_, text) => {
    for (const piece of [noise(8), hex(8), 'am9l', 'YW5u', 'hunter']) expect(clean(text)).not.toContain(piece);
  });

  test('a secret across the bound is hidden whole', () => {
    for (let lead = 0; lead <= 60; lead++) {
      const result = scrub(`${'x '.repeat(lead)}${githubToken} tail`, 60);
      expect(result).not.toContain(githubToken.slice(0, 8));
    }
  });

  test('a private key whose end lies beyond the bound is hidden', () => {
    expect(scrub(`${'-'.repeat(3)} ${privateKey}`, 40)).not.toContain(noise(8));
  });
});

describe('what is hidden is named, and the rest stays', () => {
  test.each([
    [`${'1234'.repeat(4)}|${noise(27)}`, `${'1234'.repeat(4)}[REDACTED:facebook]`],
    [
      'const token = await getToken(); password = process.env.DB_PASSWORD;',
      'const token = await getToken(); password = process.env.DB_PASSWORD;',
    ],
    ['session-token.test.ts:42:7: token: 4b2c', 'session-token.test.ts:42:7: token: [REDACTED:assignment]'],
    ['password = awaited7, password = newer', 'password = [REDACTED:assignment], password = [REDACTED:assignment]'],
    [`password=${'hunter2'}&x=1`, 'password=[REDACTED:assignment]&x=1'],
    ['{"apiKey":"abc","n":1}', '{"apiKey":"[REDACTED:assignment]","n":1}'],
    [`https://joe:pw${AT}example.com/a`, 'https://[REDACTED:userinfo]@example.com/a'],
    [`token=${githubToken}`, 'token=[REDACTED:github]'],
    ['mysql --password hunter2 app', 'mysql --password [REDACTED:assignment] app'],
    ['["--token","a7","b"]', '["--token","[REDACTED:assignment]","b"]'],
    ['<a><password>x7</password></a>', '<a><password>[REDACTED:assignment]</password></a>'],
    ['{"name":"password","value":"x7"}', '{"name":"password","value":"[REDACTED:assignment]"}'],
    ['write to joe@example.com.', 'write to [REDACTED:email].'],
    ['session: closed, auth=basic, pass: 3', 'session: closed, auth=basic, pass: 3'],
    [
      'session: hunter2, auth=Zm9v, pass: admin',
      'session: [REDACTED:assignment], auth=[REDACTED:assignment], pass: [REDACTED:assignment]',
    ],
    ['It is pwd=/home/x here, OLDPWD=/srv', 'It is pwd=/home/x here, OLDPWD=/srv'],
    ['pwd=hunter2 and db_pwd=/home/x', 'pwd=[REDACTED:assignment] and db_pwd=[REDACTED:assignment]'],
    ['see npm://react@18.2.0/x and npm://@scope/pkg@1.2.3', 'see npm://react@18.2.0/x and npm://@scope/pkg@1.2.3'],
  ])('%s', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });
});

test('look-alikes stay: 0 false hits', () => {
  const changed = LOOK_ALIKES.filter((text) => clean(text) !== text);
  expect({ falseHits: changed.length, changed }).toEqual({
    falseHits: 0,
    changed: [],
  });
});

describe('the cheap exit', () => {
  test('is never taken by a text with a secret', () => {
    const missed = Object.values(SECRETS).filter(({ secret, text = secret }) => isOrdinary(text));
    expect(missed).toEqual([]);
  });

  test.each(TOKEN_SHAPES)('is never taken by the shortest $id token with $marks.0', (shape) => {
    const token = shortest(shape);
    expect(isOrdinary(token)).toBe(false);
    expect(clean(token)).toBe(`[REDACTED:${shape.id}]`);
    expect(clean(token.slice(0, -1))).not.toBe(`[REDACTED:${shape.id}]`);
  });

  test('is taken by ordinary names', () => {
    const names = ['get_weather', '42', 'tools/call', '2025-06-18', 'notifications/resources/updated', '1718000000000'];
    names.push('mcp__github__create_pull_request', '6f1c2a7e-1b2c-4d3e-8f90-0123456789ab', hex(32));
    expect(names.filter((name) => !isOrdinary(name))).toEqual([]);
  });
});

describe('time grows linearly with the text', () => {
  let growth: Growth = {};
  beforeAll(async () => {
    growth = await measuredGrowth();
  }, 600_000);

  test.each(Object.keys(EVIL))('%s repeated', (name) => {
    expect(growth[name]?.withLength).toBeLessThan(GROWTH_LIMIT);
  });

  test.each(Object.keys(EVIL))('%s repeated costs no more beyond the bound', (name) => {
    expect(growth[name]?.beyondBound).toBeLessThan(GROWTH_LIMIT);
  });
});
