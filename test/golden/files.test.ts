import { expect, it } from 'vitest';
import { FLAVOURS } from '../support/flavours.js';
import { expectNoOtherGoldens } from './golden-files.js';
import { goldenPaths } from './suite.js';
import { TRANSPORTS } from './transports.js';

it('has no unused golden file', () => {
  const cells = Object.values(TRANSPORTS).flatMap((transport) => FLAVOURS.map((flavour) => ({ flavour, transport })));
  const paths = cells.flatMap(({ flavour, transport }) => [...goldenPaths(flavour, transport).values()]);
  expect(new Set(paths).size).toBe(paths.length);
  expectNoOtherGoldens(paths);
});
