/**
 * What is needed of OpenTelemetry's log records and exporters, by shape alone: the packages of the SDK's 2.x and 3.x
 * lines declare the same members under different names, and neither has to be installed.
 */

/** Seconds and nanoseconds since 1970, as OpenTelemetry writes points in time. */
type HrTimeLike = readonly [seconds: number, nanoseconds: number];

/**
 * A log record as an SDK hands it to its exporters. Every member is optional and read defensively: what is missing, of
 * another type, or throws when read is left out of the line.
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

/** How an export ended: 0 for success, 1 for failure, as in OpenTelemetry's `ExportResultCode`. */
export interface ExportResultLike {
  code: 0 | 1;
  error?: Error;
}

/** A failure at run time, with the code of the operating system where there is one (`ENOSPC`, `EACCES`, …). */
export type WriteError = Error & { readonly code?: string };

/** Hears of a failure. What it throws is swallowed. */
export type ErrorHandler = (error: WriteError) => void;
