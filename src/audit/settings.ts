/** Settings of a recorder, made from the checked options. */
import type { AuditConfig } from '../audit-types.js';
import { type Blocking, blockingOf } from '../options/audit.js';
import { loadPolicyFile, type ParsedPolicy, parsePolicy } from '../options/policy.js';
import { AUDIT, type AuditValues } from '../options/table.js';
import { Classifier } from '../policy/classifier.js';
import type { Digester } from '../redact/digest.js';
import type { Redactor } from '../redact/redactor.js';
import { warnOperator } from '../report/report.js';
import { type CaptureSettings, captureRulesOf } from './argument-capture.js';
import type { IdentityHook } from './identify.js';
import { type Persons, personsOf } from './persons.js';
import type { Shared } from './process-trail.js';
import type { AuditStatus } from './status.js';

/** Response headers that are recorded by default. */
const DEFAULT_HEADERS = ['content-type', 'mcp-protocol-version', 'retry-after', 'x-request-id'] as const;

export interface AuditSettings extends CaptureSettings, Persons {
  readonly attempts: AuditValues['attempts'];
  /** Messages wait until their records are on disk. */
  readonly syncs: boolean;
  /** Whether an operation is refused. @param isKept whether a durable sink has its first record */
  readonly refuses: (isKept: boolean) => boolean;
  readonly sessionIds: AuditValues['sessionIds'];
  readonly messages: boolean;
  readonly aiInvocation: boolean;
  readonly digester: Digester;
  /** The operator configured the key of digests: arguments get a digest. */
  readonly digestArguments: boolean;
  readonly identity: IdentityHook | undefined;
  readonly classifier: Classifier | undefined;
  readonly headers: ReadonlySet<string>;
  /** Paths of MCP endpoints. */
  readonly paths: readonly string[];
  readonly errorCodes: Readonly<Record<string, AuditStatus>>;
}

interface SettingsParts {
  readonly config: AuditConfig;
  readonly values: AuditValues;
  readonly captureAll: boolean;
  readonly redactor: Redactor;
  readonly shared: Pick<Shared, 'key' | 'pseudonyms'>;
}

const REFUSES: Readonly<Record<Blocking, AuditSettings['refuses']>> = {
  none: () => false,
  unkept: (isKept) => !isKept,
  all: () => true,
};

export function auditSettings({ config, values, captureAll, redactor, shared }: SettingsParts): AuditSettings {
  const blocking = blockingOf(config, values);
  const { key, pseudonyms } = shared;
  return {
    attempts: blocking === 'none' ? values.attempts : 'always',
    refuses: REFUSES[blocking],
    syncs: values.fileSync === 'disk' && values.delivery.includes('file'),
    sessionIds: values.sessionIds,
    messages: values.messages,
    aiInvocation: values.aiInvocation,
    redactor,
    digester: key.digester,
    ...personsOf(values, { digester: key.digester, pseudonyms }),
    digestArguments: key.shared,
    identity: values.identity,
    ...policyOf(values.policy, config.policy === undefined ? AUDIT.policy.env : 'option audit.policy'),
    captureAll,
    headers: new Set([...DEFAULT_HEADERS, ...values.headers.map((name) => name.toLowerCase())]),
    paths: values.paths,
    errorCodes: values.errorCodes,
  };
}

/** @param source the option or variable, for messages */
function policyOf(given: AuditValues['policy'], source = ''): Pick<AuditSettings, 'classifier' | 'captureRules'> {
  if (given === undefined || given === '') return { classifier: undefined, captureRules: () => undefined };
  const isPath = typeof given === 'string';
  const { policy, problems } = isPath ? policyIn(given) : parsePolicy(given, source);
  for (const problem of problems) warnOperator(isPath ? `${source}: ${problem}` : problem);
  return { classifier: Classifier.of(policy), captureRules: captureRulesOf(policy.capture) };
}

const MAX_POLICIES = 16;
const read = new Map<string, ParsedPolicy>();

/** Reads a file once: per-request servers share one policy. */
function policyIn(path: string): ParsedPolicy {
  const known = read.get(path);
  if (known !== undefined) return known;
  if (read.size >= MAX_POLICIES) read.clear();
  const parsed = loadPolicyFile(path);
  read.set(path, parsed);
  return parsed;
}
