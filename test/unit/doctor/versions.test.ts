/** Which versions of Node.js are supported, as doctor has it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isSupported, NODE_VERSIONS } from '../../../src/doctor/versions.js';

it('are those of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(NODE_VERSIONS).toBe(manifest.engines.node);
});

it.each([
  ['v20.18.3', false],
  ['v20.19.0', true],
  ['v21.7.0', false],
  ['v22.11.0', false],
  ['v22.12.0', true],
  ['v23.1.0', false],
  ['v24.0.0', true],
  ['v26.0.0', true],
])('%s is supported: %s', (version, expected) => {
  expect(isSupported(version)).toBe(expected);
});
