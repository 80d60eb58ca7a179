/** Resource detectors without what a command line may hold: tokens and passwords are passed as arguments every day. */
import { scrub } from '../redact/scrub.js';

/** A detector of either SDK line. */
export interface Detector {
  detect(config?: unknown): { attributes?: Readonly<Record<string, unknown>> };
}

/** Never exported by an SDK that was started here. */
const WITHHELD: ReadonlySet<string> = new Set(['process.command_args', 'process.command_line']);

/** The path of what was started: folders can be called like anything. */
const COMMAND = 'process.command';
const MAX_PATH = 4096;

function safePath(value: unknown): unknown {
  return typeof value === 'string' ? scrub(value, MAX_PATH) : value;
}

/** Names that `OTEL_NODE_RESOURCE_DETECTORS` accepts, and the exports of `@opentelemetry/resources` they stand for. */
const DETECTORS: Readonly<Record<string, string>> = {
  serviceinstance: 'serviceInstanceIdDetector',
  process: 'processDetector',
  host: 'hostDetector',
  os: 'osDetector',
  env: 'envDetector',
};

/** What each SDK line detects when nothing is chosen. */
const DEFAULTS = { '2.x': ['env', 'process', 'host'], '3.x': ['serviceinstance', 'process', 'host', 'os', 'env'] };

/** The detectors that the operator chose, or the SDK's own defaults, with the command line left out. */
export function resourceDetectors(
  resources: Readonly<Record<string, unknown>>,
  line: keyof typeof DEFAULTS,
  chosen: string | undefined,
): Detector[] {
  const names = (chosen ?? '').split(',').map((name) => name.trim().toLowerCase());
  const wanted = names.filter((name) => name !== '');
  if (wanted.includes('none')) return [];
  const selected = wanted.length === 0 ? DEFAULTS[line] : wanted.includes('all') ? Object.keys(DETECTORS) : wanted;
  return selected.flatMap((name) => {
    const detector = Object.hasOwn(DETECTORS, name) ? resources[DETECTORS[name] as string] : undefined;
    return detector === undefined ? [] : [withoutCommandLine(detector as Detector)];
  });
}

export function withoutCommandLine(detector: Detector): Detector {
  return {
    detect(config) {
      const { attributes = {}, ...rest } = detector.detect(config);
      const kept = Object.entries(attributes).filter(([key]) => !WITHHELD.has(key));
      const safe = kept.map(([key, value]) => [key, key === COMMAND ? safePath(value) : value]);
      return { ...rest, attributes: Object.fromEntries(safe) };
    },
  };
}
