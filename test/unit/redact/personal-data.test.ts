import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CODES, mod11And10, NATIONAL_IDS, verhoeff } from '../../../src/redact/national-ids.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { scrub } from '../../../src/redact/scrub.js';

const clean = (text: string) => scrub(text, text.length, true);
const redactor = new Redactor();
const CARD = ['4111', '1111', '1111', '1111'];
const card = CARD.join('');

describe('a number with a check stays if', () => {
  test.each([
    ['its last digit is another', '12345678A, 85.07.30-033.29, 111.444.777-36, 756.9217.0769.86'],
    ['its letter is another', 'RSSMRA85T10A562T, 131052-308U, S1234567E, A123456(4)'],
    ['its day does not exist', '85.17.30-033.28 and 811342-9874'],
    ['it is a part of a longer one', '0.12345678Z 4.85.07.30-033.28 x12345678Zy'],
    ['it is a Unix time', `${1704067200000 + 47}, 1712345678`],
    ['it stands among others in a row', '12 2341 2341 2346 7, 1 943 476 5919 2'],
    ['its check is weak and nothing else speaks for it', '111222333, 123456789, 123 456 782, 234123412346'],
    ['another name stands before it', 'rows: 111222333, port 123456782'],
  ])('%s', (_, text) => {
    expect(clean(text)).toBe(text);
  });
});

describe('a number counts by its name', () => {
  test.each([
    'BSN 111222333',
    'bsnNumber: 111222333',
    '{"tax_file_number": "123456782"}',
    'His SIN is 046454286.',
    '<nif>123456789</nif>',
    'Telephone: 2079460958',
    'mobile no. 5550132 99',
    '{"phoneNumber":"4155550132"}',
  ])('%s', (text) => {
    expect(clean(text)).toMatch(/\[REDACTED:(?:national-id|phone)\]/);
  });

  test('also where that is the name of a member', () => {
    expect(redactor.value('arguments', { bsn: '111222333', taxFileNumber: 123456782, phone: '4155550132' })).toEqual({
      bsn: '[REDACTED:national-id]',
      taxFileNumber: '[REDACTED:national-id]',
      phone: '[REDACTED:phone]',
    });
  });
});

describe('an id is not a card number', () => {
  test.each([
    `{"order_id":"${card}"}`,
    `"id": ${card},`,
    `orderId=${card}`,
    `order id: ${card}`,
    `<orderId>${card}</orderId>`,
    `{"ids":[7,${card},"${card}"]}`,
    `ref: ${card}`,
    `closes #${card}`,
    `total_bytes: ${card}`,
  ])('in %s', (text) => {
    expect(clean(text)).toBe(text);
  });

  test('in fields and members of that name', () => {
    const given = { id: card, orderId: Number(card), ids: [card], customer: { id: card } };
    expect(redactor.value('arguments', given)).toEqual(given);
    expect(redactor.name('jsonrpc.request.id', card)).toBe(card);
    expect(redactor.name('mcp.session.id', card)).toBe(card);
  });

  test.each([
    `{"order_id":"${CARD.join(' ')}"}`,
    `order_id=${CARD.join('-')}`,
    `{"card_id":"${card}"}`,
    `credit card id: ${card}`.replace('credit card id', 'cardId'),
    `paid with ${card}`,
    `valid ${card}`,
    `id of the card. ${card}`,
  ])('but it is in %s', (text) => {
    expect(clean(text)).toContain('[REDACTED:card]');
  });

  test('but it is in fields that hold one, or a name', () => {
    expect(redactor.value('arguments', { card: { id: card }, id: CARD.join('.') })).toEqual({
      card: { id: '[REDACTED:card]' },
      id: '[REDACTED:card]',
    });
    expect(redactor.name('jsonrpc.request.id', CARD.join(' '))).toBe('[REDACTED:card]');
    expect(redactor.name('jsonrpc.request.id', `${card} 7`)).toBe('[REDACTED:card] 7');
    expect(redactor.name('audit.target.id', card)).toBe('[REDACTED:card]');
    expect(redactor.name('gen_ai.tool.name', card)).toBe('[REDACTED:card]');
  });
});

test('neighbouring numbers are all hidden, and the text between them stays', () => {
  expect(clean('4 111.444.777-35 42')).toBe('4 [REDACTED:national-id] 42');
  expect(clean(`12 ${CARD.join(' ')} ${CARD.join(' ')}, 85.07.30-033.28 and 111.444.777-35.`)).toBe(
    '12 [REDACTED:card] [REDACTED:card], [REDACTED:national-id] and [REDACTED:national-id].',
  );
});

test('checks without a formula match those of their authors', () => {
  // Verhoeff’s own example, and that of ISO 7064.
  expect(['2363', '2364', '3263'].map(verhoeff)).toEqual([true, false, false]);
  expect(['07945', '07946', '70945'].map(mod11And10)).toEqual([true, false, false]);
});

describe('an e-mail address is recognised', () => {
  test.each([
    'lib@1.2.3.tgz',
    'icon@2x.png',
    'pkg@v2.0.zip',
    'react@18.2.0-next.abc',
    'actions/checkout@v4.1.0',
    'a@b',
    '@scope/x.y',
  ])('%s is not', (text) => {
    expect(clean(text)).toBe(text);
  });

  test.each([
    ['joe@163.com', '[REDACTED:email]'],
    ["'joe@example.com'", "'[REDACTED:email]'"],
    ['用户@例子.广告。', '[REDACTED:email]。'],
    ['an o’neil@example.com', 'an o’[REDACTED:email]'],
    ["to o'neil@example.com", 'to [REDACTED:email]'],
  ])('%s is', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });
});

test('SECURITY.md names exactly the numbers that are recognised', () => {
  const page = readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8');
  const listed = /<!-- national ids -->\s([\s\S]*?)\s<!-- end -->/.exec(page)?.[1] ?? '';
  const named = listed.split(/,\s*/).map((each) => each.trim());
  expect(named.sort()).toEqual([...new Set([...NATIONAL_IDS, ...CODES].map(({ of }) => of))].sort());
});
