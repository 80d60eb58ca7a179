/** The statements of `collector-config/backends/syslog-cef.yaml` are those of the mapping. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { STATEMENTS } from './cef-statements.js';

const FILE = new URL('../../collector-config/backends/syslog-cef.yaml', import.meta.url);

it('the backend has the statements that the tables of the mapping make (write them with `npm run generate`)', () => {
  const written = readFileSync(FILE, 'utf8');
  const made = written.replace(/(# <cef>.*\n)[\s\S]*?( *# <\/cef>)/, (_, start, end) => start + STATEMENTS + end);
  expect(made).toContain(STATEMENTS);
  if (process.env['UPDATE_GENERATED'] === '1') writeFileSync(FILE, made);
  else expect(written).toBe(made);
  const { log_statements: statements } = parse(made).processors['transform/syslog_cef'];
  expect(statements.length).toBeGreaterThan(100);
});
