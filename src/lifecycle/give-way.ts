/**
 * Lets the application register an OpenTelemetry SDK of its own after the one that was started here. Each copy of the API
 * refuses a second registration and logs an error, which on a stdio server can go to stdout. It must find the places
 * empty then, while all that only reads them finds our SDK.
 *
 * A registration shows itself: the API first assigns the shared object to its global (`global[key] = global[key] ?? {…}`),
 * and looks for an earlier registration in it next. Code that only reads never assigns it.
 */
import { LOGS_API_2, LOGS_API_2_VERSION, type LoggerProvider } from '../emit/logger-provider.js';
import { attempt } from '../lib/attempt.js';
import { callersOf } from '../lib/caller.js';
import { guarded } from '../report/guarded.js';
import { API, otelGlobals } from '../report/otel-globals.js';

/** Called when something else takes a place of ours: `trace`, `metrics`, `logs`, `context` or `propagation`. */
export type OnReplaced = (place: string, successor: object, ours: object) => void;

const SITE = 'giving way to another OpenTelemetry SDK';

type Places = Record<string, unknown>;

const GLOBAL = globalThis as unknown as Record<symbol, unknown>;

/** Not places that can be taken: loggers of diagnostics replace each other. */
const OTHERS: readonly string[] = ['version', 'diag'];

function takenPlaces(): readonly string[] {
  return Object.keys(otelGlobals() ?? {}).filter((name) => !OTHERS.includes(name));
}

/** Whether a place of the API still has what was started here. */
export type Holds = (place: string) => boolean;

/**
 * Call before an SDK is started. Returns the function to call when it has: from then on, whatever is registered takes the
 * places that the SDK has taken.
 */
export function givingWay(): (onReplaced: OnReplaced) => Holds {
  const before = takenPlaces();
  const logsBefore = GLOBAL[LOGS_API_2];
  return (onReplaced) => {
    const ours = takenPlaces().filter((place) => !before.includes(place));
    const places = () => (otelGlobals() ?? {}) as Places;
    const own = { ...places() };
    const lost = new Set<string>();
    const replaced: OnReplaced = (...what) => {
      lost.add(what[0]);
      guarded(SITE, () => onReplaced(...what));
    };
    guarded(SITE, () => giveWay(ours, replaced));
    if (GLOBAL[LOGS_API_2] !== logsBefore) guarded(SITE, () => giveWayInLogs(replaced));
    // The same object may be back: a proxy of the API.
    return (place) => ours.includes(place) && !lost.has(place) && places()[place] === own[place];
  };
}

function define(target: object, key: string | symbol, attributes: PropertyDescriptor): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    ...attributes,
  });
}

function plain(value: unknown): PropertyDescriptor {
  return { value, writable: true };
}

function giveWay(ours: readonly string[], onReplaced: OnReplaced): void {
  const api = otelGlobals() as Places | undefined;
  if (api === undefined || ours.length === 0) return;
  const left = new Set(ours);
  let isRegistering = false;
  for (const place of ours) {
    const own = api[place];
    define(api, place, {
      get: () => (isRegistering ? undefined : own),
      set: (successor: unknown) => {
        define(api, place, plain(successor));
        left.delete(place);
        if (left.size === 0) define(GLOBAL, API, plain(api));
        onReplaced(place, successor as object, own as object);
      },
    });
  }
  define(GLOBAL, API, {
    get: () => {
      isRegistering = false;
      return api;
    },
    set: (assigned: unknown) => {
      isRegistering = assigned === api;
      if (!isRegistering) define(GLOBAL, API, plain(assigned));
    },
  });
}

const REGISTERS_LOGS = 'setGlobalLoggerProvider';

/** The logs API of line 2.x has a global of its own, and only looks at it before it registers: its caller tells why. */
function giveWayInLogs(onReplaced: OnReplaced): void {
  const own = GLOBAL[LOGS_API_2];
  const providerOf = (global: unknown) => (global as (version: number) => LoggerProvider)(LOGS_API_2_VERSION);
  const get = () => (callersOf(get, 1).includes(REGISTERS_LOGS) ? undefined : own);
  define(GLOBAL, LOGS_API_2, {
    get,
    set: (successor: unknown) => {
      define(GLOBAL, LOGS_API_2, plain(successor));
      attempt(() => onReplaced('logs', providerOf(successor), providerOf(own)));
    },
  });
}
