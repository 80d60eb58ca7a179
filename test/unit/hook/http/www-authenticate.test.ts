import { describe, expect, it } from 'vitest';
import { readChallenge } from '../../../../src/hook/http/www-authenticate.js';

const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource';

describe('a challenge', () => {
  it.each([
    undefined,
    null,
    7,
    {},
    [],
    '',
    '"',
    '=',
    '\\',
    ',,,',
    'Bearer',
    'Basic realm="api"',
    'Negotiate YWJjZA==',
    'Bearer realm="error=\\"invalid_token\\", scope=\\"a\\", resource_metadata=\\"x\\""',
    `Bearer error="invalid_token", realm="${'x'.repeat(4096)}"`,
  ])('is ignored if it is %o', (header) => {
    expect(readChallenge(header)).toEqual({ hasResourceMetadata: false });
  });

  it.each([
    ['Bearer error="invalid_token"', 'invalid_token'],
    ['Bearer error=invalid_request', 'invalid_request'],
    ['bearer ERROR = "insufficient_scope"', 'insufficient_scope'],
    ['Bearer error="invalid\\_token"', 'invalid_token'],
    ['Basic realm="a, b", Bearer error="invalid_token"', 'invalid_token'],
    ['Bearer error="invalid_token", error="invalid_request"', 'invalid_token'],
    ['DPoP error="use_dpop_nonce"', 'other'],
    ['Bearer error="Invalid_Token"', 'other'],
    ['Bearer error=""', 'other'],
    ['Bearer error="invalid_token', 'invalid_token'],
    ['Bearer realm="x", error_description="why", error="invalid_token"', 'invalid_token'],
    // SDK v1 does not escape the quotes of its message.
    ['Bearer error="invalid_token", error_description="no "such" token", scope="a"', 'invalid_token'],
  ])('%s has the error %s', (header, error) => {
    expect(readChallenge(header).error).toBe(error);
  });

  it('has no error from the words of its description', () => {
    const challenge = readChallenge('Bearer error_description="x, error=\\"invalid_token\\"", realm="y"');
    expect(challenge).toEqual({ hasResourceMetadata: false });
  });

  it.each([
    ['Bearer scope="mcp:tools  mcp:read"', ['mcp:tools', 'mcp:read']],
    ['Bearer scope=mcp', ['mcp']],
    ['Bearer scope=""', []],
    [`Bearer scope="${'s '.repeat(100)}"`, Array(64).fill('s')],
  ])('%s asks for the scopes %o', (header, scope) => {
    expect(readChallenge(header).scope).toEqual(scope);
  });

  it.each([
    [`Bearer resource_metadata="${METADATA}"`, true],
    [['Basic realm="api"', `Bearer resource_metadata="${METADATA}"`], true],
    [`Bearer error_description="resource_metadata=${METADATA}"`, false],
  ])('%o links the metadata of a resource: %s', (header, expected) => {
    expect(readChallenge(header).hasResourceMetadata).toBe(expected);
  });

  it.each(['a="'.repeat(1365), `a="${'\\"'.repeat(2000)}`, 'a'.repeat(4096), `a${' '.repeat(4095)}`, '"'.repeat(4096)])(
    'that is hostile is read in linear time',
    (header) => {
      const before = process.cpuUsage();
      for (let time = 0; time < 10; time++) readChallenge(header);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
    },
  );
});
