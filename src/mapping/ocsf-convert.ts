/** Conversions for OCSF only. */
import { type Conversion, epochMilliseconds, first, integer, isIp, oneOf, texts } from './convert.js';
import { type JsonObject, type JsonValue, textOf } from './fields.js';

export const HEADERS = [
  'http.response.header.mcp-protocol-version',
  'http.response.header.retry-after',
  'http.response.header.x-request-id',
] as const;
const HEADER_PREFIX = 'http.response.header.';

export const groups: Conversion = {
  says: 'a list of groups: the team by `uid`, each role by `name`',
  of: (_, fields) => {
    const team = textOf(fields, 'mcp_audit.team.id');
    const roles = texts.of(fields.get('user.roles') ?? '', fields) as readonly string[] | undefined;
    const found: JsonValue[] = team === undefined ? [] : [{ uid: team, type: 'team' }];
    for (const name of roles ?? []) found.push({ name, type: 'role' });
    return found.length > 0 ? found : undefined;
  },
};

export const responseHeaders: Conversion = {
  says: 'a list of `name` and `value`',
  of: (_, fields) => {
    const found: JsonValue[] = [];
    for (const key of HEADERS) {
      const values = texts.of(fields.get(key) ?? '', fields) as readonly string[] | undefined;
      for (const value of values ?? []) found.push({ name: key.slice(HEADER_PREFIX.length), value });
    }
    return found.length > 0 ? found : undefined;
  },
};

export const parentProcess: Conversion = {
  says: 'the instance of the service, a slash, the process id: a pipe has no address',
  of: (value, fields) => {
    const id = integer.of(value, fields);
    return id === undefined ? undefined : `${textOf(fields, 'service.instance.id') ?? 'pid'}/${id}`;
  },
};

export const behindProxy: Conversion = {
  says: 'if it is another IP address than that of the client',
  of: (value, fields) => {
    const client = textOf(fields, 'client.address');
    return isIp(value) && client !== undefined && client !== value ? value : undefined;
  },
};

export const span: Conversion = {
  says: '`uid`, `start_time`, `end_time` and `duration`, if `time` and the duration tell them: OCSF wants both ends',
  of: (uid, fields) => {
    const end = epochMilliseconds(fields.get('time'));
    const duration = fields.get('mcp_audit.duration_ms');
    if (typeof uid !== 'string' || end === undefined || typeof duration !== 'number') return undefined;
    if (!Number.isSafeInteger(duration) || duration < 0 || duration > end) return undefined;
    return { uid, start_time: end - duration, end_time: end, duration };
  },
};

export const environment: Conversion = {
  says: 'a list of one tag, by `name` and `value`',
  of: (value) => [{ name: 'deployment.environment.name', value: String(value) }],
};

/** OCSF requires a provider, whom no field names. */
export const model: Conversion = {
  says: '`name`; the required `ai_provider` is always `unknown`',
  of: (value) => (typeof value === 'string' && value !== '' ? { name: value, ai_provider: 'unknown' } : undefined),
};

/** The model of a known agent is a member of it. */
export const modelWithoutAgent: Conversion = {
  says: `if no agent is known: ${model.says}`,
  of: (value, fields) =>
    AGENTS.some((key) => first.of(fields.get(key) ?? '', fields) !== undefined || textOf(fields, key) !== undefined)
      ? undefined
      : model.of(value, fields),
};

const AGENTS = ['mcp_audit.delegation.actors', 'mcp_audit.oauth.client_id'] as const;

export const messageContext: Conversion = {
  says: '`uid`, with the client as `application` and the server as `service`, of which OCSF wants one',
  of: (uid, fields) => {
    const context: JsonObject = {};
    for (const [member, key] of CONTEXT) {
      const name = textOf(fields, key);
      if (name !== undefined) context[member] = { name };
    }
    return typeof uid === 'string' && uid !== '' && Object.keys(context).length > 0 ? { uid, ...context } : undefined;
  },
};

const CONTEXT = [
  ['application', 'mcp_audit.client.name'],
  ['service', 'mcp_audit.server.name'],
] as const;

export const otherThanActor: Conversion = {
  says: 'if it is not the actor’s id',
  of: (value, fields) => (typeof value === 'string' && value !== fields.get('audit.actor.id') ? value : undefined),
};

const PROTOCOLS = { kerberos: 2, digest: 3, oidc: 4, openid: 4, saml: 5, oauth: 6, oauth2: 6, bearer: 6, basic: 11 };

export const protocolId: Conversion = {
  says: `${oneOf(PROTOCOLS).says}, any other → \`99\``,
  of: (value, fields) => oneOf(PROTOCOLS).of(String(value).toLowerCase(), fields) ?? 99,
};

const HTTP_METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'];

export const httpMethod: Conversion = oneOf(Object.fromEntries(HTTP_METHODS.map((name) => [name, name])));

export const remote: Conversion = {
  says: '`tcp` → `true`, `pipe` → `false`',
  of: (value) => (value === 'tcp' || value === 'pipe' ? value === 'tcp' : undefined),
};
