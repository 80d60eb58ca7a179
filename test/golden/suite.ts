/** The tests of one transport: every flavour over it, a golden file per scenario, and one for the metrics of all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';
import { type Played, playCell, scenariosOf } from './cell.js';
import { expectGolden } from './golden-files.js';
import type { Transport } from './transports.js';

/** All measurements of a cell: they tell by their attributes which scenario they come from. */
const METRICS = 'metrics';
/** Three processes start in one, on machines that have other things to do. */
const CELL_TIMEOUT_MS = 120_000;
/** The SDK kills the process that it has asked for its era a second later, whether or not that has reported by then. */
const ATTEMPTS = 3;

/** The golden files of one cell, by scenario. */
export function goldenPaths(flavour: Flavour, transport: Transport): ReadonlyMap<string, string> {
  const file = `${flavour.name.replaceAll(' ', '-')}-${transport.name}.txt`;
  return new Map([...scenariosOf(flavour).map(({ name }) => name), METRICS].map((name) => [name, `${name}/${file}`]));
}

async function playUntilReported(flavour: Flavour, transport: Transport, telemetry: Telemetry): Promise<Played> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await playCell(flavour, transport, telemetry);
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes('span "server/discover"')) throw error;
    }
  }
}

export function describeGoldens(transport: Transport): void {
  const telemetry = new Telemetry();
  afterAll(() => telemetry.shutdown());

  describe.each(FLAVOURS)(`$name over ${transport.name}`, (flavour) => {
    const { [METRICS]: metricsPath, ...paths } = Object.fromEntries(goldenPaths(flavour, transport));
    let played: Played;
    beforeAll(async () => {
      played = await playUntilReported(flavour, transport, telemetry);
      await expectNothingOpen(telemetry);
    }, CELL_TIMEOUT_MS);

    it.each(Object.entries(paths))('traces %s as its golden file says', (name, path) => {
      expectGolden(path, played.traces.get(name) ?? '');
    });

    it('measures what its golden file says', () => {
      expectGolden(metricsPath as string, played.metrics);
    });

    it('leaves no span outside of its trace', () => {
      expect(played.strays).toBe('');
    });
  });
}
