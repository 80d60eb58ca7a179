/**
 * Decides at each place where MCP can be spoken whether the hooks see it. A place is decided once: when MCP was found there
 * that no hook has seen, or when enough messages have been looked at.
 */
import type { Unobserved } from '../../audit/unobserved-record.js';
import { runLater } from '../../lib/timers.js';
import { FirstMessages } from '../../protocol/first-messages.js';
import { RequestScanner, type ScannedRequest } from '../../protocol/request-scanner.js';
import { guarded } from '../../report/guarded.js';
import type { Undo } from '../replace-methods.js';
import { type Marks, NO_MARKS } from './http-marks.js';
import { type Expectation, sightings } from './sightings.js';

export type Place = Exclude<Unobserved['place'], 'stdout'>;

/** Looks at the next bytes of a message. Returns whether it needs no more. Never throws. */
export type Look = (chunk: unknown) => boolean;

/** A request that was found at a place. */
export interface Found {
  readonly place: Place;
  readonly request: ScannedRequest;
}

/** A place is observed once hooks have seen so many requests of MCP there. */
const MAX_SEEN = 256;
/** Messages that are looked at in each place though they are no such requests: those that claim to be MCP, and others. */
const MAX_IN_VAIN = { likely: 4096, other: 256 } as const;
/** More requests do not wait for their answer: one of them is enough to decide the place. */
const MAX_PENDING = 256;

/** How long a request that was answered is given to reach a hook: an answer can come before that. */
const GRACE_MS = 1000;
/** So many requests are given it at a time. */
const MAX_ANSWERED = 64;

/** What goes out of the process, and what comes in. */
const LEAVING: ReadonlySet<Place> = new Set(['http.client', 'child']);

const SITE = 'looking for MCP that is not observed';

/** A request that has arrived. */
interface Pending {
  readonly expectation: Expectation;
  /** Whether the application has dealt with it. */
  readonly isDealtWith: () => boolean;
}

interface PlaceState {
  /** How many more messages may turn out to be what. */
  readonly left: { seen: number; likely: number; other: number };
  readonly stops: Undo[];
}

export class Detector {
  readonly #tell: (found: Found) => void;
  readonly #open = new Map<Place, PlaceState>();
  readonly #pending = new Map<Found, Pending>();
  /** Those of them that were answered before hooks saw them. */
  readonly #answered = new Set<Found>();

  /** @param tell called at most once for each place */
  constructor(tell: (found: Found) => void) {
    this.#tell = tell;
  }

  /** Watches a place until it is decided. */
  watch(place: Place, begin: (detector: Detector) => Undo): void {
    const state = this.#open.get(place) ?? {
      left: { seen: MAX_SEEN, ...MAX_IN_VAIN },
      stops: [],
    };
    this.#open.set(place, state);
    if (LEAVING.has(place)) sightings.noteSent(true);
    const stop = guarded(SITE, () => begin(this));
    if (stop !== undefined) state.stops.push(stop);
  }

  /**
   * Begins to look at a message; undefined if it is not to be looked at.
   *
   * @param found called with the request if the message is one of MCP
   */
  inspect(place: Place, marks: Marks, found: (request: ScannedRequest) => void): Look | undefined {
    return this.#inspect(place, marks, new RequestScanner(marks.isMcp), found);
  }

  /** Begins to look at the first messages of a stream that has one in each line. */
  inspectLines(place: Place, found: (request: ScannedRequest) => void): Look | undefined {
    return this.#inspect(place, NO_MARKS, new FirstMessages(), found);
  }

  #inspect(
    place: Place,
    marks: Marks,
    scanner: Pick<RequestScanner, 'scan'>,
    found: (request: ScannedRequest) => void,
  ): Look | undefined {
    const state = this.#open.get(place);
    if (state === undefined) return undefined;
    const kind = marks.isLikely ? 'likely' : 'other';
    if (state.left[kind] === 0) return undefined;
    let done = false;
    return (chunk) => {
      if (done || !this.#open.has(place)) return true;
      const scanned = guarded(SITE, () => (isReadable(chunk) ? scanner.scan(chunk) : 'none'));
      if (scanned === 'more') return false;
      done = true;
      if (scanned === undefined || scanned === 'none') this.#count(place, kind);
      else guarded(SITE, () => found({ ...scanned, version: scanned.version ?? marks.version }));
      return true;
    };
  }

  /** A request arrives. {@link decide} or {@link ended} is to be called when the application has dealt with it. */
  arrives(place: Place, request: ScannedRequest, isDealtWith: () => boolean): Found {
    const found = { place, request };
    if (!this.#open.has(place)) return found;
    this.#pending.set(found, { expectation: sightings.expect(request), isDealtWith });
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break;
      this.drop(oldest);
    }
    return found;
  }

  /** A request leaves: hooks have seen it before. */
  leaves(place: Place, request: ScannedRequest): void {
    if (sightings.hasLeft(request)) this.#count(place, 'seen');
    else this.#unobserved({ place, request });
  }

  /** Decides about a request that has arrived, if the application has dealt with it. Returns whether it is decided. */
  decide(found: Found): boolean {
    const pending = this.#pending.get(found);
    if (pending === undefined) return true;
    if (!pending.isDealtWith()) return false;
    const isMissing = !pending.expectation.isMet();
    this.drop(found);
    if (isMissing) this.#unobserved(found);
    else this.#count(found.place, 'seen');
    return true;
  }

  /** The answer to a request has been sent, or cut off: decides about it, at once or a little later. */
  ended(found: Found): void {
    const pending = this.#pending.get(found);
    if (pending === undefined || this.#answered.has(found)) return;
    if (!pending.isDealtWith()) {
      this.drop(found);
      this.#count(found.place, 'likely');
    } else if (pending.expectation.isMet()) this.decide(found);
    else this.#decideLater(found, pending.expectation);
  }

  #decideLater(found: Found, expectation: Expectation): void {
    if (this.#answered.size >= MAX_ANSWERED) {
      this.drop(found);
      return;
    }
    this.#answered.add(found);
    // Keeps nothing of the answer.
    this.#pending.set(found, { expectation, isDealtWith: () => true });
    runLater(GRACE_MS, () => guarded(SITE, () => this.decide(found)));
  }

  /** Forgets a request that the application did not deal with. */
  drop(found: Found): void {
    this.#pending.get(found)?.expectation.end();
    this.#pending.delete(found);
    this.#answered.delete(found);
  }

  /** Decides about all that has arrived: the process may be about to end. */
  settle(): void {
    for (const found of [...this.#pending.keys()]) guarded(SITE, () => this.decide(found));
  }

  stop(): void {
    this.settle();
    for (const place of [...this.#open.keys()]) this.#close(place);
  }

  /** Counts what a message has turned out to be. */
  #count(place: Place, as: keyof PlaceState['left']): void {
    const { left } = this.#open.get(place) ?? {};
    if (left === undefined || left[as] === 0) return;
    left[as] -= 1;
    if (left.seen === 0 || (left.likely === 0 && left.other === 0)) this.#close(place);
  }

  #unobserved(found: Found): void {
    if (!this.#open.has(found.place)) return;
    this.#close(found.place);
    guarded(SITE, () => this.#tell(found));
  }

  #close(place: Place): void {
    const { stops = [] } = this.#open.get(place) ?? {};
    this.#open.delete(place);
    for (const stop of stops) guarded(SITE, stop);
    for (const found of [...this.#pending.keys()]) if (found.place === place) this.drop(found);
    if (![...LEAVING].some((each) => this.#open.has(each))) sightings.noteSent(false);
  }
}

function isReadable(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}
