/**
 * The OCSF classes, captions and profiles that the mapping uses.
 * @see https://schema.ocsf.io/1.9.0
 */
import type { OcsfKind } from './meaning.js';

/** The version of OCSF. */
export const OCSF_VERSION = '1.9.0';

/** A class of events and its category. */
export interface OcsfClass {
  readonly category: readonly [uid: number, name: string];
  readonly uid: number;
  readonly name: string;
  /** Members that the class has only through a profile, by profile. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
}

const APPLICATION = [6, 'Application Activity'] as const;
const IAM = [3, 'Identity & Access Management'] as const;
/** Profiles of every class. */
const CONTROL = {
  security_control: ['action_id', 'authorizations', 'disposition_id', 'policy'],
  record_integrity: ['attestation_list'],
  ai_operation: ['ai_agent', 'ai_model', 'delegation', 'message_context'],
} as const;

const LIFECYCLE: OcsfClass = {
  category: APPLICATION,
  uid: 6002,
  name: 'Application Lifecycle',
  profiles: { ...CONTROL, host: ['actor'] },
};

/**
 * The class of each kind of event. A configuration change is Entity Management, which covers "create, read, update and delete"
 * of a managed entity with its actor. Device Config State Change (5019) requires a device, Config State (5002) is deprecated, and
 * Application Lifecycle has no such activity.
 */
export const OCSF_CLASSES: Readonly<Record<OcsfKind, OcsfClass>> = {
  api: {
    category: APPLICATION,
    uid: 6003,
    name: 'API Activity',
    profiles: { ...CONTROL, trace: ['trace'], data_classification: ['resources[0].data_classifications'] },
  },
  authentication: { category: IAM, uid: 3002, name: 'Authentication', profiles: CONTROL },
  configuration: { category: IAM, uid: 3004, name: 'Entity Management', profiles: CONTROL },
  trail: LIFECYCLE,
  inventory: LIFECYCLE,
};

/** Members with the caption of a number. */
export const CAPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  severity: { 0: 'Unknown', 1: 'Informational', 3: 'Medium', 4: 'High', 6: 'Fatal' },
  status: { 0: 'Unknown', 1: 'Success', 2: 'Failure' },
  action: { 1: 'Allowed', 2: 'Denied' },
  disposition: { 1: 'Allowed', 2: 'Blocked', 3: 'Quarantined', 11: 'Corrected' },
};

/** Values for required members that the record does not have. */
export interface Required {
  readonly in?: readonly OcsfKind[];
  /** One of these is enough. */
  readonly anyOf: readonly string[];
  readonly otherwise: readonly [path: string, value: string | number];
}

const UNTOLD = 'unknown';
const ENDPOINT = ['ip', 'uid', 'name', 'hostname', 'svc_name'];
const LIFECYCLES = ['trail', 'inventory'] as const;

export const OCSF_REQUIRED: readonly Required[] = [
  { anyOf: ['time'], otherwise: ['time', 0] },
  { anyOf: ['severity_id'], otherwise: ['severity_id', 0] },
  { anyOf: ['status_id'], otherwise: ['status_id', 0] },
  { anyOf: ['actor.user.uid'], otherwise: ['actor.user.uid', UNTOLD] },
  { in: ['api'], anyOf: ['api.operation'], otherwise: ['api.operation', UNTOLD] },
  {
    in: ['api'],
    anyOf: ENDPOINT.map((member) => `src_endpoint.${member}`),
    otherwise: ['src_endpoint.uid', UNTOLD],
  },
  { in: ['authentication'], anyOf: ['service.name', 'service.uid'], otherwise: ['service.name', UNTOLD] },
  { in: ['configuration'], anyOf: ['entity.name', 'entity.uid'], otherwise: ['entity.name', UNTOLD] },
  { in: LIFECYCLES, anyOf: ['application.name', 'application.uid'], otherwise: ['application.name', UNTOLD] },
];
