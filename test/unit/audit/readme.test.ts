import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CUT_ORDER } from '../../../src/audit/record-text.js';
import { STATUS_RULES, STATUSES } from '../../../src/audit/status.js';

const README = new URL('../../../docs/audit.md', import.meta.url);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const TABLES: Readonly<Record<string, string>> = {
  causes: table(
    ['when', 'status'],
    STATUS_RULES.map(({ when, status }) => [when, `\`${status}\``]),
  ),
  statuses: table(
    ['status', 'outcome', 'severity'],
    Object.entries(STATUSES).map(([status, { outcome, severity }]) => [`\`${status}\``, outcome, severity]),
  ),
  cuts: CUT_ORDER.map((key, index) => `${index + 1}. \`${key}\``).join('\n'),
};

function place(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
}

describe('the page about the audit trail', () => {
  it.each(Object.keys(TABLES))('has markers for the table %s', (name) => {
    expect(readFileSync(README, 'utf8')).toMatch(place(name));
  });

  it('has the tables of the code (write them with UPDATE_TABLES=1)', () => {
    const written = readFileSync(README, 'utf8');
    const made = Object.entries(TABLES).reduce(
      (text, [name, rows]) => text.replace(place(name), `$1\n${rows}\n\n$2`),
      written,
    );
    if (process.env['UPDATE_TABLES'] === '1') writeFileSync(README, made);
    else expect(written).toBe(made);
  });
});
