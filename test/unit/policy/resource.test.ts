import { describe, expect, test } from 'vitest';
import { compileResource, resourceForms } from '../../../src/policy/resource.js';

function matches(pattern: string, uri: string): boolean {
  const compiled = compileResource(pattern);
  if (compiled === undefined) expect.fail(`${pattern} is not a pattern`);
  return compiled(resourceForms(uri));
}

describe('an invalid resource pattern', () => {
  test.each(['', 'notes://{id}', '/srv/{a', '~/{a}'])('%j', (pattern) => {
    expect(compileResource(pattern)).toBeUndefined();
  });
});

describe('no spelling of a URI evades a pattern', () => {
  test.each<[string, string]>([
    ['file:///etc/**', 'file:///srv/../etc/passwd'],
    ['file:///etc/**', 'FILE:///etc/passwd'],
    ['file:///etc/**', 'file:/etc/%70asswd'],
    ['/etc/**', 'file:///etc/passwd'],
    ['/etc/**', 'file:///srv/%2e%2e/etc/passwd'],
    ['~/.ssh/**', 'file:///home/ann/.ssh/id_rsa'],
    ['~/.ssh/**', 'file:///C:/Users/ann/.SSH/id_rsa'],
    ['C:\\Users\\**', 'file:///c:/users/ann'],
    ['file:///C:/Users/**', 'file:///c:/USERS/ann'],
    ['//server/share/**', 'file://server/share/x'],
    ['db://customers/**', 'DB://customers/1'],
    ['db://customers/**', 'db://customers/x/../1'],
    ['https://example.com/private/*', 'https://EXAMPLE.com:443/a/../private/1'],
  ])('%s, %s', (pattern, uri) => {
    expect(matches(pattern, uri)).toBe(true);
  });

  const long = '../x/'.repeat(1_000);
  test.each<[string, string, boolean]>([
    ['file:///etc/**', `file:///srv/${long}`, true],
    ['/etc/**', `file:///srv/${long}`, true],
    ['/etc/**', `https://localhost/${long}`, false],
    ['db://customers/**', `DB://x/${long}`, true],
    ['*://customers/**', `db://customers/${long}`, true],
    ['*://customers/**', `db://people/${long}`, false],
  ])('nor does its length: %s', (pattern, uri, expected) => {
    expect(matches(pattern, uri)).toBe(expected);
  });
});

describe('a pattern for resources', () => {
  test.each<[string, string, boolean]>([
    ['db://customers/*', 'db://customers/1', true],
    ['db://customers/*', 'db://customers/1/orders', false],
    ['db://{customers,patients}/**', 'db://patients/1/x', true],
    ['db://customers/*', 'db://customers', false],
    ['/etc/**', 'db:///etc/passwd', false],
    ['/etc/*', 'file:///etc/ssh/key', false],
    ['**', 'anything at all', true],
    ['note', 'note', true],
    ['file:///my%20files/*', 'file:///my%20files/a', true],
    ['file:///my files/*', 'file:///my%20files/a', true],
  ])('%s and %s: %s', (pattern, uri, expected) => {
    expect(matches(pattern, uri)).toBe(expected);
  });
});
