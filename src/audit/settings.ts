/** What an recorder works with: the options, checked and made into what uses them. */
import type { AuditConfig } from '../audit-types.js';
import type { AuditValues } from '../options/audit.js';
import { parseCaptureRules } from '../options/capture-rules.js';
import { type Environment, show } from '../options/kinds.js';
import { Classifier } from '../policy/classifier.js';
import { loadPolicyFile, type ParsedPolicy, parsePolicy } from '../options/policy.js';
import { asRecord } from '../protocol/jsonrpc.js';
import type { CaptureRule } from '../redact/capture.js';
import type { Digester } from '../redact/digest.js';
import type { Redactor } from '../redact/redactor.js';
import { warnOperator } from '../report/report.js';
import { DEFAULT_HEADERS } from './header-fields.js';
import type { IdentityHook } from './identify.js';
import { type AuditStatus, STATUSES } from './status.js';

const POLICY = 'MCP_TRAIL_AUDIT_POLICY';

type CaptureRules = ReadonlyMap<string, CaptureRule>;

export interface AuditSettings {
  readonly attempts: AuditValues['attempts'];
  readonly sessionIds: AuditValues['sessionIds'];
  readonly messages: boolean;
  readonly redactor: Redactor;
  readonly digester: Digester;
  /** How the identity of who acts is told. */
  readonly showId: (id: string) => string;
  /** Whether the digester's key is one that others can know. */
  readonly digestArguments: boolean;
  readonly identity: IdentityHook | undefined;
  readonly classifier: Classifier | undefined;
  /** The debug switch for argument values is on. */
  readonly captureAll: boolean;
  readonly captureRules: (tool: string) => CaptureRules | undefined;
  readonly headers: ReadonlySet<string>;
  /** Paths of MCP endpoints. */
  readonly paths: readonly string[];
  readonly errorCodes: Readonly<Record<string, AuditStatus>>;
}

/** How identities are told. */
export const SHOWN_IDS: Readonly<Record<AuditValues['actorIds'], (digester: Digester) => (id: string) => string>> = {
  plain: () => (id) => id,
  digest: (digester) => (id) => digester.digest(id),
};

export function auditSettings(
  config: AuditConfig,
  values: AuditValues,
  captureAll: boolean,
  redactor: Redactor,
  key: { readonly digester: Digester; readonly shared: boolean },
  env: Environment,
): AuditSettings {
  return {
    attempts: values.attempts,
    sessionIds: values.sessionIds,
    messages: values.messages,
    redactor,
    digester: key.digester,
    showId: SHOWN_IDS[values.actorIds](key.digester),
    digestArguments: key.shared,
    identity: hookOf(config.identity),
    ...(config.policy === undefined
      ? policyOf(env[POLICY]?.trim(), POLICY)
      : policyOf(config.policy, 'option audit.policy')),
    captureAll,
    headers: new Set([...DEFAULT_HEADERS, ...values.headers.map((name) => name.toLowerCase())]),
    paths: values.paths,
    errorCodes: errorCodesOf(config.errorCodes),
  };
}

function hookOf(hook: unknown): IdentityHook | undefined {
  if (hook === undefined || typeof hook === 'function') return hook as IdentityHook | undefined;
  warnOperator(`option audit.identity is of type ${typeof hook}; accepted: a function. Ignored`);
  return undefined;
}

/** @param source the option or the variable, for messages */
function policyOf(given: unknown, source: string): Pick<AuditSettings, 'classifier' | 'captureRules'> {
  if (given === undefined || given === '') return { classifier: undefined, captureRules: () => undefined };
  const isPath = typeof given === 'string';
  const { policy, problems } = isPath ? policyIn(given) : parsePolicy(given, source);
  for (const problem of problems) warnOperator(isPath ? `${source}: ${problem}` : problem);
  return {
    classifier: Classifier.of(policy),
    captureRules: captureRulesOf(policy.capture, `${isPath ? `${source}: ${given}` : source}: capture`),
  };
}

const MAX_POLICIES = 16;
const read = new Map<string, ParsedPolicy>();

/** A file is read once: servers that are made for one request each have the same policy. */
function policyIn(path: string): ParsedPolicy {
  const known = read.get(path);
  if (known !== undefined) return known;
  if (read.size >= MAX_POLICIES) read.clear();
  const parsed = loadPolicyFile(path);
  read.set(path, parsed);
  return parsed;
}

const MAX_CAPTURED_TOOLS = 1000;

/** Rules by the name of the tool, as `{ "tools": { "search": { "arguments": { … } } } }` has them. */
function captureRulesOf(capture: unknown, where: string): AuditSettings['captureRules'] {
  if (capture === undefined) return () => undefined;
  const tools = asRecord(asRecord(capture)?.['tools']);
  if (tools === undefined) {
    warnOperator(`${where} is ${show(capture)}; accepted: an object with tools. Nothing is captured`);
    return () => undefined;
  }
  const byTool = new Map<string, CaptureRules>();
  for (const [tool, said] of Object.entries(tools).slice(0, MAX_CAPTURED_TOOLS)) {
    const { rules, errors } = parseCaptureRules(asRecord(said)?.['arguments'], `${where}.tools.${tool}.arguments`);
    for (const error of errors) warnOperator(error);
    byTool.set(tool, rules);
  }
  return (tool) => byTool.get(tool);
}

function errorCodesOf(given: unknown): Readonly<Record<string, AuditStatus>> {
  if (given === undefined) return {};
  const codes: Record<string, AuditStatus> = {};
  for (const [code, status] of Object.entries(Object(given))) {
    if (/^-?\d{1,10}$/.test(code) && Object.hasOwn(STATUSES, String(status))) codes[code] = status as AuditStatus;
    else
      warnOperator(
        `option audit.errorCodes has ${show(code)}: ${show(status)}; accepted: a JSON-RPC code and a status. Ignored`,
      );
  }
  return codes;
}
