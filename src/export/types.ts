/**
 * The parts of OpenTelemetry's log records and exporters that are used, by shape: SDK 2.x and 3.x declare them under
 * different names, and neither has to be installed.
 */

/** Seconds and nanoseconds since 1970, OpenTelemetry's form of a time. */
type HrTimeLike = readonly [seconds: number, nanoseconds: number];

/**
 * A log record as an SDK passes it to exporters. Members that are missing, of another type, or throw when read are left out
 * of the line.
 *
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/
 */
export interface LogRecordLike {
  readonly hrTime?: HrTimeLike | undefined;
  readonly hrTimeObserved?: HrTimeLike | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly body?: unknown;
  readonly eventName?: string | undefined;
  readonly attributes?: unknown;
  readonly droppedAttributesCount?: number | undefined;
  readonly spanContext?:
    | { readonly traceId: string; readonly spanId: string; readonly traceFlags?: number | undefined }
    | undefined;
  readonly resource?: { readonly attributes?: unknown } | undefined;
  readonly instrumentationScope?: { readonly name: string; readonly version?: string | undefined } | undefined;
}

/** The result of an export: 0 for success, 1 for failure, as in OpenTelemetry's `ExportResultCode`. */
export interface ExportResultLike {
  code: 0 | 1;
  error?: Error;
}

/** A failure at run time, with the operating system's code if there is one (`ENOSPC`, `EACCES`, …). */
export type WriteError = Error & { readonly code?: string };

/** Receives a failure. Errors it throws are swallowed. */
export type ErrorHandler = (error: WriteError) => void;
