/** What a check has found. */
import type { SdkSearch } from '../lifecycle/start-sdk.js';
import type { ServerRun } from './run-server.js';

/** `fail`: something will not arrive. `warn`: it may, or differs from what is usual. */
export type Status = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** The name of the check; of one check, several findings can come. */
  readonly check: string;
  readonly status: Status;
  /** What was found, and after a full stop what to do. */
  readonly text: string;
  /** Lines below it, such as the spans of a trace. */
  readonly details?: readonly string[];
}

/** The OpenTelemetry SDK that `mcp-trail/register` would start. */
export interface OtelSdk {
  /** The setting by which none is started. */
  readonly off: string | undefined;
  readonly found: SdkSearch;
}

/** What is examined. */
export interface Patient {
  /** As it was when the command started. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For each thing that may not come. */
  readonly timeoutMs: number;
  /** What a command did; undefined where none was given. */
  readonly server: ServerRun | undefined;
  readonly otel: OtelSdk;
}

export type Findings = readonly Omit<Finding, 'check'>[];

export const ok = (text: string, details?: readonly string[]): Findings[number] => ({
  status: 'ok',
  text,
  ...(details !== undefined && { details }),
});
export const warn = (text: string): Findings[number] => ({ status: 'warn', text });
export const fail = (text: string): Findings[number] => ({ status: 'fail', text });
