/** Resource detectors without the command line: arguments often contain tokens and passwords. */
import { scrub } from '../redact/scrub.js';

/** A detector of either SDK line. */
export interface Detector {
  detect(config?: unknown): { attributes?: Readonly<Record<string, unknown>> };
}

/** Never exported by an SDK that is started here. */
const WITHHELD: ReadonlySet<string> = new Set(['process.command_args', 'process.command_line']);

/** The path of the program, which may contain anything. */
const COMMAND = 'process.command';
const MAX_PATH = 4096;

function safePath(value: unknown): unknown {
  return typeof value === 'string' ? scrub(value, MAX_PATH) : value;
}

/** The names in `OTEL_NODE_RESOURCE_DETECTORS`, and the exports of `@opentelemetry/resources` they stand for. */
const DETECTORS: Readonly<Record<string, string>> = {
  serviceinstance: 'serviceInstanceIdDetector',
  process: 'processDetector',
  host: 'hostDetector',
  os: 'osDetector',
  env: 'envDetector',
};

/** The defaults of each SDK line. */
const DEFAULTS = { '2.x': ['env', 'process', 'host'], '3.x': ['serviceinstance', 'process', 'host', 'os', 'env'] };

/** The detectors that the operator chose, or the SDK's defaults, without the command line. */
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
