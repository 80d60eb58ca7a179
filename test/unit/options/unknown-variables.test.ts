import { describe, expect, it } from 'vitest';
import { unknownVariables } from '../../../src/options/unknown-variables.js';

const KNOWN = ['MCP_TRAIL_AUDIT', 'MCP_TRAIL_AUDIT_FILE', 'MCP_TRAIL_TRUST_PROXY', 'MCP_TRAIL_SDK'];
const said = (env: Record<string, string>) => unknownVariables(env, KNOWN);

describe('an unknown variable with our prefix', () => {
  it.each([
    ['MCP_TRAIL_AUDT', 'MCP_TRAIL_AUDIT'],
    ['MCP_TRAIL_AUDIT_FIEL', 'MCP_TRAIL_AUDIT_FILE'],
    ['MCP_TRAIL_AUDITFILE', 'MCP_TRAIL_AUDIT_FILE'],
    ['MCP_TRAIL_TRUSTED_PROXY', 'MCP_TRAIL_TRUST_PROXY'],
    ['mcp_trail_audit', 'MCP_TRAIL_AUDIT'],
    ['Mcp_Trail_Sdk', 'MCP_TRAIL_SDK'],
  ])('%s: suggests %s', (name, meant) => {
    expect(said({ [name]: 'x' })).toEqual([
      `${name} is not a setting of mcp-trail and has no effect. Did you mean ${meant}?`,
    ]);
  });

  it('is reported without a suggestion if none is similar', () => {
    expect(said({ MCP_TRAIL_FAVOURITE_COLOUR: 'x' })).toEqual([
      'MCP_TRAIL_FAVOURITE_COLOUR is not a setting of mcp-trail and has no effect. docs/options.md lists all of them',
    ]);
  });

  it('is reported without its value', () => {
    expect(said({ MCP_TRAIL_TOKEN: 'the value' }).join()).not.toContain('the value');
  });

  it('is reported for at most twenty, with at most eighty characters of the name', () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`MCP_TRAIL_${n}_${'X'.repeat(10_000)}`, '']),
    );
    const texts = said(many);
    expect(texts).toHaveLength(20);
    for (const text of texts) expect(text.length).toBeLessThan(200);
  });
});

it('known variables and those of others are not reported', () => {
  expect(said({ MCP_TRAIL_AUDIT: 'otel', MCP_TRAIL_SDK: 'off', MCP_SERVER: 'x', OTEL_TRAIL: 'x', PATH: 'x' })).toEqual(
    [],
  );
});
