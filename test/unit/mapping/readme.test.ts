import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TABLES, withTables } from './tables.js';

const README = new URL('../../../src/mapping/README.md', import.meta.url);

it('the README has the tables of the code (write them with UPDATE_TABLES=1)', () => {
  const written = readFileSync(README, 'utf8');
  const made = withTables(written);
  if (process.env['UPDATE_TABLES'] === '1') writeFileSync(README, made);
  else expect(written).toBe(made);
});

it.each(Object.keys(TABLES))('the README has a place for the table %s', (name) => {
  expect(readFileSync(README, 'utf8')).toMatch(new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`));
});
