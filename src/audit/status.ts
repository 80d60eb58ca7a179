/**
 * The one table of what sets the status of an operation, and its outcome and severity. `docs/audit.md` shows it; a test
 * compares.
 */
import type { AuditFields } from '../semconv/audit-record.js';
import {
  ERROR_TYPE_VALUE_CANCELLED,
  ERROR_TYPE_VALUE_CONNECTION_CLOSED,
  ERROR_TYPE_VALUE_OTHER,
  ERROR_TYPE_VALUE_TIMEOUT,
  ERROR_TYPE_VALUE_TOOL_ERROR,
  ERROR_TYPE_VALUE_TOOL_NOT_LOCKED,
} from '../semconv/values.js';
import type { Outcome } from '../session/outcome.js';

export type AuditStatus = NonNullable<AuditFields['mcp_audit.status']>;

/** Severity numbers of OpenTelemetry's logs data model, by name. */
export const SEVERITIES = { INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;
export type Severity = keyof typeof SEVERITIES;

interface StatusMeaning {
  readonly outcome: 'success' | 'failure';
  readonly severity: Severity;
}

export const STATUSES: Readonly<Record<AuditStatus, StatusMeaning>> = {
  ok: { outcome: 'success', severity: 'INFO' },
  input_required: { outcome: 'success', severity: 'INFO' },
  cancelled: { outcome: 'failure', severity: 'INFO' },
  tool_error: { outcome: 'failure', severity: 'WARN' },
  rate_limited: { outcome: 'failure', severity: 'WARN' },
  denied: { outcome: 'failure', severity: 'WARN' },
  unauthenticated: { outcome: 'failure', severity: 'WARN' },
  error: { outcome: 'failure', severity: 'ERROR' },
  timeout: { outcome: 'failure', severity: 'ERROR' },
  aborted: { outcome: 'failure', severity: 'WARN' },
};

/** The end of an operation. */
export interface End {
  readonly outcome: Outcome;
  /** The recorded decision. */
  readonly decision?: AuditFields['mcp_audit.access.decision'] | undefined;
  /** Statuses of the application's own JSON-RPC codes. */
  readonly errorCodes?: Readonly<Record<string, AuditStatus>> | undefined;
}

interface StatusRule {
  /** Text for the documentation. */
  readonly when: string;
  readonly holds: (end: End) => boolean;
  readonly status: AuditStatus;
}

const failed =
  (...types: readonly string[]) =>
  ({ outcome: { errorType } }: End) =>
    errorType !== undefined && types.includes(errorType);

const task =
  (...statuses: readonly string[]) =>
  ({ outcome: { taskStatus } }: End) =>
    taskStatus !== undefined && statuses.includes(taskStatus);

/** MCP 2025-11-25: the user must visit a URL first. */
const URL_ELICITATION_REQUIRED = '-32042';

/** The first rule that holds sets the status. */
export const STATUS_RULES: readonly StatusRule[] = [
  {
    when: 'the application recorded the decision `deny`',
    holds: ({ decision }) => decision === 'deny',
    status: 'denied',
  },
  { when: 'refused: the tool is not as locked', holds: failed(ERROR_TYPE_VALUE_TOOL_NOT_LOCKED), status: 'denied' },
  { when: 'HTTP 401', holds: failed('401'), status: 'unauthenticated' },
  { when: 'HTTP 403', holds: failed('403'), status: 'denied' },
  { when: 'HTTP 429', holds: failed('429'), status: 'rate_limited' },
  { when: 'HTTP 408 or 504', holds: failed('408', '504'), status: 'timeout' },
  {
    when: 'JSON-RPC error -32042 (URL elicitation required)',
    holds: ({ outcome }) => outcome.statusCode === URL_ELICITATION_REQUIRED,
    status: 'input_required',
  },
  { when: 'a result with `isError`', holds: failed(ERROR_TYPE_VALUE_TOOL_ERROR), status: 'tool_error' },
  { when: 'no answer in time', holds: failed(ERROR_TYPE_VALUE_TIMEOUT), status: 'timeout' },
  {
    when: 'the sender gave up; the task was cancelled',
    holds: (end) => end.outcome.cancelled === true || failed(ERROR_TYPE_VALUE_CANCELLED)(end) || task('cancelled')(end),
    status: 'cancelled',
  },
  {
    when: 'the connection closed, the process ended, or the operation was given up because of a bound',
    holds: failed(ERROR_TYPE_VALUE_CONNECTION_CLOSED, ERROR_TYPE_VALUE_OTHER),
    status: 'aborted',
  },
  { when: 'the task failed', holds: task('failed'), status: 'error' },
  {
    when: 'any other error: a JSON-RPC or HTTP error, a message that could not be written, an invalid result, a refusal',
    holds: ({ outcome }) => outcome.errorType !== undefined || outcome.statusCode !== undefined,
    status: 'error',
  },
  {
    when: 'a result, or a task, that asks for input',
    holds: (end) => end.outcome.resultType === 'input_required' || task('input_required')(end),
    status: 'input_required',
  },
];

/** `ok` by default: results, and tasks that are accepted, working or completed. */
export function statusOf(end: End): AuditStatus {
  const code = end.outcome.statusCode;
  const own = code !== undefined && Object.hasOwn(end.errorCodes ?? {}, code) ? end.errorCodes?.[code] : undefined;
  if (end.decision !== 'deny' && own !== undefined) return own;
  return STATUS_RULES.find(({ holds }) => holds(end))?.status ?? 'ok';
}
