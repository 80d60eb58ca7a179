/** The tests of one transport: for every flavour, a golden file per scenario, and one for the metrics. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingOpen } from '../support/endings.js';
import { FLAVOURS, type Flavour } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';
import { type Played, playCell, scenariosOf } from './cell.js';
import { expectGolden } from './golden-files.js';
import type { Transport } from './transports.js';

/** All metrics of a cell; their attributes tell which scenario they come from. */
const METRICS = 'metrics';
/** A cell starts three processes, possibly on a busy machine. */
const CELL_TIMEOUT_MS = 120_000;
/** The SDK kills the process that it probed for its era after a second, even if that has not exported yet. */
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

    it.each(Object.entries(paths))('traces %s as in its golden file', (name, path) => {
      expectGolden(path, played.traces.get(name) ?? '');
    });

    it('records the metrics of its golden file', () => {
      expectGolden(metricsPath as string, played.metrics);
    });

    it('counts nothing as active in a server process that ends', () => {
      expect(played.active.filter((count) => count !== 0)).toEqual([]);
      expect(played.active.length > 0).toBe(!transport.sameProcess);
    });

    it('has no span outside its trace', () => {
      expect(played.strays).toBe('');
    });
  });
}
