/**
 * A small, strict stand-in for Elasticsearch: only the requests of `elastic/install.sh` and the Collector.
 * It does not prove that Elasticsearch accepts something, but it rejects what Elasticsearch is documented to reject.
 */
import { createTemplates, ignoredOf, matches } from './elasticsearch-mappings.mjs';
import { json, onlyKeys, Refused, startServer } from './server.mjs';

const ADMIN = { user: 'elastic', password: 'a "quoted" password' };
const ADMIN_HEADER = `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`;
const WRITER_KEY = 'd3JpdGVyOnN0YW5kLWlu';
const META_KEYS = ['_index', '_id', 'require_data_stream', 'dynamic_templates', 'pipeline'];
const ACTIONS = ['create', 'index', 'update', 'delete'];
const QUERY = ['filter_path'];

/** @typedef {{ index: string, id: string, source: any, ignored: string[] }} Stored */

/** @param {{ port?: number }} [options] */
export async function startElasticsearch({ port } = {}) {
  const templates = createTemplates();
  /** @type {Map<string, any>} */ const policies = new Map();
  /** @type {Map<string, any>} */ const roles = new Map();
  /** @type {Map<string, { template: string, mapping: any, documents: Map<string, Stored> }>} */ const streams =
    new Map();
  /** @type {any} */ let writer;
  /** @type {string | undefined} */ let kibanaPassword;
  let duplicates = 0;
  let generated = 0;
  /** Fully rejected bulk requests, by status. @type {Map<number, number>} */
  const refused = new Map();
  /** Overrides the responses of the next bulk requests, as a whole or per document. */
  const plan = {
    /** @type {number | undefined} */ status: undefined,
    /** @type {((document: any) => number | undefined)} */ perDocument: () => undefined,
  };

  /** @param {string | undefined} header */
  function authenticate(header) {
    if (header === ADMIN_HEADER) return undefined;
    if (writer && header === `ApiKey ${WRITER_KEY}`) return writer.role_descriptors;
    throw new Refused(401, 'unable to authenticate with provided credentials', 'security_exception');
  }

  const routes = {
    'PUT _ilm/policy': (/** @type {string} */ name, /** @type {any} */ body) => {
      const { phases } = onlyKeys(onlyKeys(body, ['policy'], 'the request').policy, ['_meta', 'phases'], 'the policy');
      onlyKeys(phases, ['hot', 'warm', 'cold', 'frozen', 'delete'], 'phases');
      for (const [phase, value] of Object.entries(phases)) onlyKeys(value, ['min_age', 'actions'], phase);
      onlyKeys(phases.hot.actions, ['rollover', 'readonly', 'set_priority', 'forcemerge'], 'actions of hot');
      policies.set(name, body.policy);
    },
    'PUT _component_template': (/** @type {string} */ name, /** @type {any} */ body) => {
      onlyKeys(
        onlyKeys(body, ['_meta', 'template', 'version'], 'the request').template,
        ['mappings', 'settings'],
        'template',
      );
      templates.putComponent(name, body);
    },
    'PUT _index_template': (/** @type {string} */ name, /** @type {any} */ body) => {
      onlyKeys(
        body,
        [
          '_meta',
          'index_patterns',
          'priority',
          'data_stream',
          'composed_of',
          'ignore_missing_component_templates',
          'template',
        ],
        'the request',
      );
      templates.putTemplate(name, body, (policy) => policies.has(policy));
    },
    'PUT _security/role': (/** @type {string} */ name, /** @type {any} */ body) => {
      for (const index of onlyKeys(body, ['cluster', 'indices', 'metadata'], 'the role').indices)
        onlyKeys(index, ['names', 'privileges'], 'indices');
      roles.set(name, body);
    },
  };

  const server = await startServer({
    port,
    refuse: ({ status, message, type = 'illegal_argument_exception' }) => ({
      status,
      headers: { 'x-elastic-product': 'Elasticsearch' },
      body: { error: { type, reason: message }, status },
    }),
    handle({ method, url, headers, body }) {
      const path = decodeURIComponent(url.pathname.slice(1));
      if (path === '_bulk' && method === 'POST' && plan.status) {
        refused.set(plan.status, (refused.get(plan.status) ?? 0) + 1);
        return wholly(plan.status);
      }
      const role = authenticate(headers.authorization);
      if (path === '_bulk' && method === 'POST') return answered(bulk(body, url, headers, role));
      if (role) throw new Refused(403, `action on [${path}] is unauthorized for this API key`, 'security_exception');
      if (path === '_security/api_key' && method === 'POST') {
        onlyKeys(json(body, 'the request'), ['name', 'role_descriptors', 'metadata', 'expiration'], 'the request');
        writer = json(body, 'the request');
        return answered({ id: 'writer', name: writer.name, api_key: 'stand-in', encoded: WRITER_KEY });
      }
      if (path === '_security/user/kibana_system/_password' && method === 'POST') {
        kibanaPassword = onlyKeys(json(body, 'the request'), ['password'], 'the request').password;
        return answered({});
      }
      for (const [route, put] of Object.entries(routes)) {
        const [verb, folder] = route.split(' ');
        if (verb !== method || !path.startsWith(`${folder}/`)) continue;
        put(path.slice(String(folder).length + 1), json(body, path));
        return answered({ acknowledged: true });
      }
      throw new Refused(405, `nothing at ${method} /${path}`);
    },
  });

  /** @param {Buffer} body @param {URL} url @param {import('node:http').IncomingHttpHeaders} headers @param {any} role */
  function bulk(body, url, headers, role) {
    for (const parameter of url.searchParams.keys()) {
      if (!QUERY.includes(parameter))
        throw new Refused(400, `request [/_bulk] contains unrecognized parameter: [${parameter}]`);
    }
    if (!/^application\/(x-ndjson|json)$/.test(headers['content-type'] ?? ''))
      throw new Refused(406, `Content-Type ${headers['content-type']} is not supported`);
    const text = body.toString('utf8');
    if (!text.endsWith('\n')) throw new Refused(400, 'The bulk request must be terminated by a newline [\\n]');
    const lines = text.slice(0, -1).split('\n');
    if (lines.length % 2 === 1) throw new Refused(400, 'an action without its document');
    // Validate the whole request before storing any of it.
    const actions = lines.filter((_, at) => at % 2 === 0).map((line, at) => actionOf(line, at * 2 + 1));
    const tooLong = actions.flatMap(({ meta: { _id = '' } }, at) =>
      Buffer.byteLength(_id) > 512 ? [`${at + 1}: id [${_id}] is too long, must be no longer than 512 bytes;`] : [],
    );
    if (tooLong.length > 0)
      throw new Refused(400, `Validation Failed: ${tooLong.join(' ')}`, 'action_request_validation_exception');
    return {
      items: actions.map(({ kind, meta }, at) => ({ [kind]: item(kind, meta, String(lines[at * 2 + 1]), role) })),
    };
  }

  /** @param {string} line @param {number} number */
  function actionOf(line, number) {
    const action = json(Buffer.from(line), `line ${number}`);
    const [[kind, meta] = []] = Object.entries(action);
    if (Object.keys(action).length !== 1 || !kind || !ACTIONS.includes(kind))
      throw new Refused(400, `Malformed action/metadata line [${number}]`);
    return { kind, meta: onlyKeys(meta, META_KEYS, `line ${number}`) };
  }

  /** @param {string} kind @param {any} meta @param {string} line @param {any} role */
  function item(kind, meta, line, role) {
    try {
      if (kind !== 'create')
        throw new Refused(
          400,
          'only write ops with an op_type of create are allowed in data streams',
          'illegal_argument_exception',
        );
      checkName(meta._index);
      if (role) checkPrivileges(role, meta._index);
      const stream = streamOf(meta._index);
      if (!stream)
        throw new Refused(
          404,
          `no such index [${meta._index}] and [require_data_stream] request is [true]`,
          'index_not_found_exception',
        );
      const source = json(Buffer.from(line), 'the document');
      const status = plan.perDocument(source);
      if (status)
        throw new Refused(
          status,
          'told to',
          status === 429 ? 'es_rejected_execution_exception' : 'document_parsing_exception',
        );
      const id = meta._id ?? `generated-${++generated}`;
      if (stream.documents.has(id)) {
        duplicates++;
        return {
          _index: `.ds-${meta._index}-000001`,
          status: 409,
          error: {
            type: 'version_conflict_engine_exception',
            reason: `[${id}]: version conflict, document already exists`,
          },
        };
      }
      const ignored = ignoredOf(stream.mapping, source);
      stream.documents.set(id, { index: meta._index, id, source, ignored });
      return { _index: `.ds-${meta._index}-000001`, status: 201 };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.message !== 'told to') server.complaints.push(`${meta._index}: ${error.message}`);
      return { _index: meta._index, status: error.status, error: { type: error.type, reason: error.message } };
    }
  }

  /** The data stream, created by its first document. @param {string} index */
  function streamOf(index) {
    if (!streams.has(index)) {
      const template = templates.forIndex(index);
      if (template) streams.set(index, { template: template.name, mapping: template.mapping, documents: new Map() });
    }
    return streams.get(index);
  }

  return {
    ...server,
    admin: ADMIN,
    policies,
    roles,
    plan,
    refused,
    /** The password set for Kibana. */
    get kibanaPassword() {
      return kibanaPassword;
    },
    /** Whether a key for the Collector exists. */
    get hasWriter() {
      return writer !== undefined;
    },
    /** How often a stored document was sent again. */
    get duplicates() {
      return duplicates;
    },
    /** All documents in data streams that match a pattern. @param {string} pattern */
    documents: (pattern) =>
      [...streams].filter(([name]) => matches(pattern, name)).flatMap(([, { documents }]) => [...documents.values()]),
    /** The fields of a data stream, including those added by documents. @param {string} name */
    mappingOf: (name) => streams.get(name)?.mapping,
    /** The template of a data stream. @param {string} name */
    templateOf: (name) => streams.get(name)?.template,
  };
}

/** @param {unknown} body */
const answered = (body) => ({ status: 200, headers: { 'x-elastic-product': 'Elasticsearch' }, body });

/** @param {number} status */
const wholly = (status) => ({
  status,
  headers: { 'x-elastic-product': 'Elasticsearch' },
  body: { error: { type: 'told_to', reason: 'told to' }, status },
});

/** @param {string} name */
function checkName(name) {
  if (
    typeof name !== 'string' ||
    name !== name.toLowerCase() ||
    /[\\/*?"<>| ,#:]/.test(name) ||
    /^[-_+]/.test(name) ||
    Buffer.byteLength(name) > 255
  ) {
    throw new Refused(400, `invalid index name [${name}]`, 'invalid_index_name_exception');
  }
}

/** @param {any} role @param {string} index */
function checkPrivileges(role, index) {
  const given = Object.values(role)
    .flatMap(({ indices }) => indices)
    .filter(({ names }) => names.some((/** @type {string} */ name) => matches(name, index)))
    .flatMap(({ privileges }) => privileges);
  for (const needed of ['create_doc', 'auto_configure']) {
    if (!given.includes(needed))
      throw new Refused(403, `this API key may not ${needed} in [${index}]`, 'security_exception');
  }
}
