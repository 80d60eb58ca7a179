/** Reading the settings of OpenTelemetry: their values, and which of them is for what. Pure. */

export type Signal = 'traces' | 'metrics' | 'logs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that is not as it should be. */
export interface Problem {
  /** One sentence that names the setting, and one that says what to do. */
  readonly text: string;
  /** By which the SDK's own words about the same are known. */
  readonly sdkSays: readonly (string | RegExp)[];
  /** Whose export fails because of it. */
  readonly fails?: readonly Signal[];
}

export const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];
const MAX_SHOWN = 60;

export function settingOf(env: Environment, name: string): string {
  return (env[name] ?? '').trim();
}

export function cut(value: string): string {
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN - 1)}…` : value;
}

export function show(value: string): string {
  return JSON.stringify(cut(value));
}

/** The setting for everything, and for each signal. */
export function perSignal(setting: string): string[] {
  return ['', ...SIGNALS.map((signal) => `${signal.toUpperCase()}_`)].map(
    (each) => `OTEL_EXPORTER_OTLP_${each}${setting}`,
  );
}
