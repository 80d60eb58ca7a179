import { afterEach, describe, expect, it, vi } from 'vitest';
import { Detector, type Found, type Place } from '../../../../src/hook/unobserved/detector.js';
import { type Marks, NO_MARKS } from '../../../../src/hook/unobserved/http-marks.js';
import { sightings } from '../../../../src/hook/unobserved/sightings.js';

const OTHER: Marks = { isMcp: false, isLikely: false, version: undefined };

afterEach(() => {
  vi.useRealTimers();
});

let ids = 0;
function newRequest() {
  ids += 1;
  return { method: 'server/discover', id: ids, version: undefined };
}

function newDetector(...places: Place[]) {
  const told: Found[] = [];
  const stopped: Place[] = [];
  const detector = new Detector((found) => told.push(found));
  for (const place of places) detector.watch(place, () => () => stopped.push(place));
  return { detector, told: () => told.map(({ place }) => place), stopped };
}

describe('a request that leaves', () => {
  it('is told if no hook has seen it before, once for its place', () => {
    const { detector, told, stopped } = newDetector('child', 'http.client');
    const seen = newRequest();
    sightings.leaves(seen);
    detector.leaves('child', seen);
    expect(told()).toEqual([]);
    detector.leaves('child', newRequest());
    detector.leaves('child', newRequest());
    expect(told()).toEqual(['child']);
    expect(stopped).toEqual(['child']);
    detector.leaves('http.client', newRequest());
    expect(told()).toEqual(['child', 'http.client']);
    detector.stop();
  });
});

describe('a request that arrives', () => {
  it('is told when the application has dealt with it and no hook has seen it', () => {
    const { detector, told } = newDetector('stdin');
    let isRead = false;
    const found = detector.arrives('stdin', newRequest(), () => isRead);
    expect(detector.decide(found)).toBe(false);
    expect(told()).toEqual([]);
    isRead = true;
    expect(detector.decide(found)).toBe(true);
    expect(detector.decide(found)).toBe(true);
    expect(told()).toEqual(['stdin']);
  });

  it('is not told if a hook has seen it meanwhile', () => {
    const { detector, told } = newDetector('http.server');
    const request = newRequest();
    const found = detector.arrives('http.server', request, () => true);
    sightings.arrived(request);
    detector.decide(found);
    expect(told()).toEqual([]);
    detector.stop();
  });

  it('is told at the end of the process, unless the application never dealt with it', () => {
    const { detector, told } = newDetector('stdin', 'http.server');
    detector.arrives('stdin', newRequest(), () => false);
    detector.arrives('http.server', newRequest(), () => true);
    detector.stop();
    expect(told()).toEqual(['http.server']);
  });
});

describe('a request that was answered before hooks have seen it', () => {
  const answered = () => true;

  it('is not told if they see it a little later', () => {
    vi.useFakeTimers();
    const { detector, told } = newDetector('http.server');
    const request = newRequest();
    detector.ended(detector.arrives('http.server', request, answered));
    sightings.arrived(request);
    vi.runAllTimers();
    detector.stop();
    expect(told()).toEqual([]);
  });

  it('is told later, though many are answered at once', () => {
    vi.useFakeTimers();
    const { detector, told } = newDetector('http.server');
    const all = Array.from({ length: 300 }, () => detector.arrives('http.server', newRequest(), answered));
    for (const each of all) detector.ended(each);
    expect(told()).toEqual([]);
    vi.runAllTimers();
    expect(told()).toEqual(['http.server']);
  });

  it('is told at once at the end of the process', () => {
    const { detector, told } = newDetector('http.server');
    const found = detector.arrives('http.server', newRequest(), answered);
    detector.ended(found);
    detector.ended(found);
    expect(told()).toEqual([]);
    detector.settle();
    expect(told()).toEqual(['http.server']);
  });

  it('is forgotten if the answer is none of success', () => {
    const { detector, told } = newDetector('http.server');
    let status = 401;
    const found = detector.arrives('http.server', newRequest(), () => status === 200);
    detector.ended(found);
    status = 200;
    detector.stop();
    expect(told()).toEqual([]);
  });
});

describe('requests of two clients with the same id and method', () => {
  it('are not told if the hooks have seen both, in whatever order', () => {
    const { detector, told } = newDetector('http.server');
    const request = newRequest();
    const first = detector.arrives('http.server', request, () => true);
    sightings.arrived(request);
    const second = detector.arrives('http.server', request, () => true);
    detector.decide(first);
    expect(told()).toEqual([]);
    sightings.arrived(request);
    detector.decide(second);
    expect(told()).toEqual([]);
    detector.stop();
  });

  it('are not told if the server has refused one of them before the hooks', () => {
    const { detector, told } = newDetector('http.server');
    const request = newRequest();
    const seen = detector.arrives('http.server', request, () => true);
    sightings.arrived(request);
    const refused = detector.arrives('http.server', request, () => false);
    expect(detector.decide(refused)).toBe(false);
    detector.drop(refused);
    detector.decide(seen);
    expect(told()).toEqual([]);
    detector.stop();
  });

  it('are told if the second arrives after the hooks have seen the first, and they do not see it', () => {
    const { detector, told } = newDetector('http.server');
    const request = newRequest();
    const first = detector.arrives('http.server', request, () => true);
    sightings.arrived(request);
    const second = detector.arrives('http.server', request, () => true);
    detector.decide(first);
    detector.decide(second);
    expect(told()).toEqual(['http.server']);
  });
});

it('a place that is decided keeps nothing of its requests', () => {
  const { detector, told } = newDetector('http.server', 'stdin');
  let asked = 0;
  const isDealtWith = () => {
    asked += 1;
    return false;
  };
  detector.arrives('http.server', newRequest(), isDealtWith);
  detector.decide(detector.arrives('http.server', newRequest(), () => true));
  expect(told()).toEqual(['http.server']);
  detector.arrives('http.server', newRequest(), isDealtWith);
  detector.stop();
  expect(asked).toBe(0);
});

describe('looking at messages', () => {
  const look = (detector: Detector, marks: Marks) => detector.inspect('http.server', marks, () => {});

  it('ends after a number of messages that are not MCP, and goes on much longer with those that claim to be it', () => {
    const { detector, stopped } = newDetector('http.server');
    for (let n = 0; n < 256; n += 1) expect(look(detector, OTHER)?.('no')).toBe(true);
    expect(look(detector, OTHER)).toBeUndefined();
    expect(stopped).toEqual([]);
    for (let n = 0; n < 4096; n += 1) expect(look(detector, NO_MARKS)?.('no')).toBe(true);
    expect(look(detector, NO_MARKS)).toBeUndefined();
    expect(stopped).toEqual(['http.server']);
  });

  it('ends after many requests that were refused', () => {
    const { detector } = newDetector('http.server');
    for (let n = 0; n < 4096; n += 1) {
      expect(look(detector, NO_MARKS)).toBeDefined();
      detector.ended(detector.arrives('http.server', newRequest(), () => false));
    }
    expect(look(detector, NO_MARKS)).toBeUndefined();
    detector.stop();
  });

  it('does not end because of messages that never come', () => {
    const { detector } = newDetector('http.server');
    for (let n = 0; n < 5000; n += 1) expect(look(detector, OTHER)?.(' ')).toBe(false);
    expect(look(detector, OTHER)).toBeDefined();
    detector.stop();
  });

  it.each([
    [
      'arrived',
      (detector: Detector) => {
        const request = newRequest();
        const found = detector.arrives('http.server', request, () => true);
        sightings.arrived(request);
        detector.ended(found);
      },
    ],
    [
      'left',
      (detector: Detector) => {
        const request = newRequest();
        sightings.leaves(request);
        detector.leaves('http.server', request);
      },
    ],
  ])('ends after hooks have seen enough requests that have %s', (_, happens) => {
    const { detector, told, stopped } = newDetector('http.server', 'child');
    for (let n = 0; n < 255; n += 1) happens(detector);
    expect(stopped).toEqual([]);
    happens(detector);
    expect(stopped).toEqual(['http.server']);
    expect(told()).toEqual([]);
    detector.stop();
  });

  it('ends with a chunk that is neither a string nor bytes', () => {
    const { detector } = newDetector('http.server');
    expect(look(detector, OTHER)?.({ toString: () => '{' })).toBe(true);
    detector.stop();
  });

  it('survives a failure of its own', () => {
    const { detector } = newDetector('http.server');
    const failing = detector.inspect('http.server', NO_MARKS, () => {
      throw new Error('mine');
    });
    expect(failing?.('{"jsonrpc":"2.0","id":1,"method":"server/discover"}')).toBe(true);
    detector.stop();
  });
});

it('what leaves is noted only while somebody asks, and only so much of it', () => {
  const { detector } = newDetector('child');
  const first = newRequest();
  sightings.leaves(first);
  expect(sightings.hasLeft(first)).toBe(true);
  for (let n = 0; n < 1024; n += 1) sightings.leaves(newRequest());
  expect(sightings.hasLeft(first)).toBe(false);
  detector.stop();
  const later = newRequest();
  sightings.leaves(later);
  expect(sightings.hasLeft(later)).toBe(false);
});
