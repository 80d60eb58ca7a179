import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Detector, type Found } from '../../../../src/hook/unobserved/detector.js';
import { sightings } from '../../../../src/hook/unobserved/sightings.js';
import { watchStandardInput } from '../../../../src/hook/unobserved/standard-input.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Reads a request from the standard input of a process. */
async function readRequest(id: number) {
  const told: Found[] = [];
  const detector = new Detector((found) => told.push(found));
  const input = new PassThrough();
  const process = Object.defineProperty({}, 'stdin', { configurable: true, get: () => input }) as NodeJS.Process;
  detector.watch('stdin', (each) => watchStandardInput(each, process));
  process.stdin.resume();
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'server/discover' })}\n`);
  await once(input, 'data');
  return { detector, told };
}

it('a request on standard input has some seconds to reach a hook, while its server starts', async () => {
  const { detector, told } = await readRequest(1);
  vi.advanceTimersByTime(4000);
  expect(told).toEqual([]);
  sightings.arrived({ id: 1, method: 'server/discover' });
  vi.advanceTimersByTime(60_000);
  detector.stop();
  expect(told).toEqual([]);
});

it('a request on standard input is told afterwards', async () => {
  const { told } = await readRequest(2);
  vi.advanceTimersByTime(10_000);
  expect(told).toMatchObject([{ place: 'stdin', request: { id: 2 } }]);
});

it('a request on standard input is told at once at the end of the process', async () => {
  const { detector, told } = await readRequest(3);
  detector.settle();
  expect(told).toMatchObject([{ place: 'stdin', request: { id: 3 } }]);
});
