/**
 * The classes and objects of OCSF that the mapping uses: names, types and requirements only.
 *
 * From ocsf/ocsf-schema: release 1.7.0, with what its changelog lists for 1.8.0 and 1.9.0 (at 0026972833736358180778eb1bd5b4cf26eb88f3):
 * `application` in `actor` and in Application Lifecycle (#1702), where it takes the place of `app`; the profile `record_integrity`
 * (#1661, #1662, #1684), from its files at e42c0a1fabf5f60bb298575ef7ac88fc04f5fb23 and later; the profile `ai_operation`, with
 * `ai_agent` (#1641, at f780728febb50fbe45f2d2ae52c8c89845ff7c9a) and `delegation` (#1665, at 7d15b9434e005b893b65c767b465a6400d7a9df6),
 * which 1.9.0 adds to the base classes of both categories.
 *
 * A member is `type`, with `!` when it is required and `[]` when it is a list.
 */
export type Members = Readonly<Record<string, string>>;

export interface Thing {
  readonly members: Members;
  /** One of these has to be there. */
  readonly anyOf?: readonly string[];
}

export interface Class extends Thing {
  readonly name: string;
  readonly category: readonly [number, string];
  readonly activities: Readonly<Record<string, string>>;
  /** Members that come from a profile, which `metadata.profiles` then has to name. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
}

const EVENT: Members = {
  activity_id: 'integer!',
  activity_name: 'string',
  category_uid: 'integer!',
  category_name: 'string',
  class_uid: 'integer!',
  class_name: 'string',
  type_uid: 'long!',
  type_name: 'string',
  time: 'timestamp!',
  metadata: 'metadata!',
  message: 'string',
  severity: 'string',
  severity_id: 'integer!',
  status: 'string',
  status_id: 'integer',
  status_code: 'string',
  status_detail: 'string',
  unmapped: 'free',
  // The profile `security_control`, which every class may have.
  action: 'string',
  action_id: 'integer',
  authorizations: 'authorization[]',
  disposition: 'string',
  disposition_id: 'integer',
  policy: 'policy',
  // The profile `record_integrity`, which every class may have.
  attestation_list: 'attestation[]',
  // The profile `ai_operation`, which every class of these categories may have.
  ai_agent: 'ai_agent',
  ai_model: 'ai_model',
  delegation: 'delegation',
  message_context: 'message_context',
};

const SECURITY_CONTROL = ['action', 'action_id', 'authorizations', 'disposition', 'disposition_id', 'policy'];
const EVERY = {
  security_control: SECURITY_CONTROL,
  record_integrity: ['attestation_list'],
  ai_operation: ['ai_agent', 'ai_model', 'delegation', 'message_context'],
};
const REQUEST: Members = {
  actor: 'actor',
  http_request: 'http_request',
  http_response: 'http_response',
  src_endpoint: 'network_endpoint',
};
const OTHER = { 0: 'Unknown', 99: 'Other' };

export const CLASSES: Readonly<Record<number, Class>> = {
  6003: {
    name: 'API Activity',
    category: [6, 'Application Activity'],
    activities: { ...OTHER, 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
    profiles: { ...EVERY, trace: ['trace'] },
    members: {
      ...EVENT,
      ...REQUEST,
      actor: 'actor!',
      api: 'api!',
      src_endpoint: 'network_endpoint!',
      dst_endpoint: 'network_endpoint',
      resources: 'resource_details[]',
      trace: 'trace',
    },
  },
  3002: {
    name: 'Authentication',
    category: [3, 'Identity & Access Management'],
    activities: { ...OTHER, 1: 'Logon', 2: 'Logoff' },
    profiles: { ...EVERY },
    members: {
      ...EVENT,
      ...REQUEST,
      auth_protocol: 'string',
      auth_protocol_id: 'integer',
      dst_endpoint: 'network_endpoint',
      is_remote: 'boolean',
      service: 'service',
      user: 'user!',
    },
    anyOf: ['service', 'dst_endpoint'],
  },
  3004: {
    name: 'Entity Management',
    category: [3, 'Identity & Access Management'],
    activities: { ...OTHER, 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
    profiles: { ...EVERY },
    members: { ...EVENT, ...REQUEST, entity: 'managed_entity!' },
  },
  6002: {
    name: 'Application Lifecycle',
    category: [6, 'Application Activity'],
    activities: { ...OTHER, 1: 'Install', 2: 'Remove', 3: 'Start', 4: 'Stop', 8: 'Update' },
    profiles: { ...EVERY, host: ['actor'] },
    // Which of the two 1.9.0 requires is not in the changelog: the mapping gives both.
    members: { ...EVENT, actor: 'actor', app: 'product!', application: 'application!' },
  },
};

const NAMED = ['name', 'uid'];

export const OBJECTS: Readonly<Record<string, Thing>> = {
  metadata: {
    members: {
      correlation_uid: 'string',
      event_code: 'string',
      labels: 'string[]',
      log_level: 'string',
      log_name: 'string',
      log_version: 'string',
      logged_time: 'timestamp',
      original_time: 'string',
      product: 'product!',
      profiles: 'string[]',
      sequence: 'integer',
      tags: 'key_value_object[]',
      tenant_uid: 'string',
      uid: 'string',
      version: 'string!',
    },
  },
  product: { members: { name: 'string', uid: 'string', vendor_name: 'string', version: 'string' }, anyOf: NAMED },
  key_value_object: { members: { name: 'string!', value: 'string', values: 'string[]' }, anyOf: ['value', 'values'] },
  actor: {
    members: { application: 'application', process: 'process', session: 'session', user: 'user' },
    anyOf: ['process', 'user', 'session'],
  },
  user: {
    members: {
      groups: 'group[]',
      name: 'string',
      type: 'string',
      type_id: 'integer',
      uid: 'string',
      uid_alt: 'string',
    },
    anyOf: ['account', ...NAMED],
  },
  group: { members: { name: 'string', type: 'string', uid: 'string' }, anyOf: NAMED },
  application: { members: { name: 'string', uid: 'string', version: 'string' }, anyOf: NAMED },
  ai_agent: {
    members: { ai_model: 'ai_model', instance_uid: 'string', name: 'string', uid: 'string!', version: 'string' },
  },
  ai_model: { members: { ai_provider: 'string!', name: 'string!', uid: 'string', version: 'string' } },
  delegation: {
    members: { created_time: 'timestamp', issuer_uid: 'string', parent_uid: 'string', uid: 'string!' },
  },
  message_context: {
    members: { ai_role_id: 'integer', application: 'application', name: 'string', service: 'service', uid: 'string' },
    anyOf: ['application', 'service'],
  },
  session: { members: { uid: 'string' } },
  process: { members: { pid: 'integer', uid: 'string' }, anyOf: ['pid', 'uid', 'cpid'] },
  network_endpoint: {
    members: {
      hostname: 'hostname',
      instance_uid: 'string',
      intermediate_ips: 'ip[]',
      ip: 'ip',
      name: 'string',
      port: 'port',
      svc_name: 'string',
      uid: 'string',
    },
    anyOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name', 'domain'],
  },
  api: {
    members: {
      operation: 'string!',
      request: 'request',
      response: 'response',
      service: 'service',
      version: 'string',
    },
  },
  request: { members: { uid: 'string!' } },
  response: { members: { code: 'integer', error: 'string' } },
  service: { members: { name: 'string', uid: 'string', version: 'string' }, anyOf: NAMED },
  resource_details: {
    members: {
      data_classifications: 'data_classification[]',
      name: 'string',
      role_id: 'integer',
      type: 'string',
      uid: 'string',
    },
    anyOf: NAMED,
  },
  data_classification: {
    members: { confidentiality_id: 'integer' },
    anyOf: ['category_id', 'confidentiality_id'],
  },
  http_request: { members: { http_method: 'string', uid: 'string', url: 'url', user_agent: 'string' } },
  url: { members: { path: 'string', url_string: 'string' }, anyOf: ['url_string', 'path'] },
  http_response: {
    members: { code: 'integer!', content_type: 'string', http_headers: 'http_header[]', latency: 'integer' },
  },
  http_header: { members: { name: 'string!', value: 'string!' } },
  trace: { members: { span: 'span', uid: 'string!' } },
  span: {
    members: {
      duration: 'long',
      end_time: 'timestamp!',
      parent_uid: 'string',
      start_time: 'timestamp!',
      uid: 'string!',
    },
  },
  attestation: {
    members: {
      authority_uid: 'string',
      chain_uid: 'string',
      fingerprint: 'fingerprint',
      prev_event: 'prev_event',
      signatures: 'digital_signature[]',
      uid: 'string',
    },
    anyOf: ['fingerprint', 'signatures'],
  },
  fingerprint: {
    members: {
      algorithm: 'string',
      algorithm_id: 'integer!',
      encoding: 'string',
      encoding_id: 'integer',
      serialization: 'string',
      serialization_id: 'integer',
      value: 'string!',
    },
  },
  prev_event: { members: { fingerprint: 'fingerprint', type_uid: 'long', uid: 'string!' } },
  digital_signature: {
    members: {
      algorithm: 'string',
      algorithm_id: 'integer!',
      created_time: 'timestamp',
      digest: 'fingerprint',
      serialization: 'string',
      serialization_id: 'integer',
    },
  },
  authorization: { members: { decision: 'string', policy: 'policy' } },
  policy: { members: { name: 'string', uid: 'string', version: 'string' }, anyOf: ['name', 'type', 'uid'] },
  managed_entity: {
    members: { name: 'string', type: 'string', type_id: 'integer', uid: 'string' },
    anyOf: [...NAMED, 'device', 'group', 'org', 'policy', 'user'],
  },
};

/** Values of members that are closed sets: by the member, or by the object and the member. */
export const VALUES: Readonly<Record<string, readonly (number | string)[]>> = {
  severity_id: [0, 1, 2, 3, 4, 5, 6, 99],
  status_id: [0, 1, 2, 99],
  action_id: [0, 1, 2],
  disposition_id: [...Array.from({ length: 28 }, (_, id) => id), 99],
  auth_protocol_id: [...Array.from({ length: 13 }, (_, id) => id), 99],
  confidentiality_id: [0, 1, 2, 3, 4, 5, 6, 99],
  role_id: [0, 1, 2, 3, 4, 99],
  'user.type_id': [0, 1, 2, 3, 4, 99],
  'managed_entity.type_id': [0, 1, 2, 3, 4, 5, 6, 7, 99],
  'fingerprint.algorithm_id': [...Array.from({ length: 21 }, (_, id) => id), 99],
  'digital_signature.algorithm_id': [0, 1, 2, 3, 4, 5, 6, 99],
  encoding_id: [0, 1, 2, 3, 99],
  serialization_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 99],
  http_method: ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'],
};

/** Objects that carry a classification have it from a profile, wherever they are. */
export const OBJECT_PROFILES: Readonly<Record<string, string>> = { data_classifications: 'data_classification' };
