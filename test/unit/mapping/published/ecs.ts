/**
 * What ECS 9.4.0 says of the fields that the mapping uses (npm `@elastic/ecs` 9.4.0, generated from elastic/ecs v9.4.0):
 * types, lists, and allowed values. `gen_ai.*` is in the generated types of that package and in `schemas/gen_ai.yml`.
 */
export const FIELDS: Readonly<Record<string, string>> = {
  '@timestamp': 'date',
  'client.address': 'keyword',
  'client.ip': 'ip',
  'client.port': 'long',
  'ecs.version': 'keyword',
  'error.code': 'keyword',
  'error.type': 'keyword',
  'event.action': 'keyword',
  'event.category': 'keyword[]',
  'event.code': 'keyword',
  'event.created': 'date',
  'event.dataset': 'keyword',
  'event.duration': 'long',
  'event.id': 'keyword',
  'event.kind': 'keyword',
  'event.module': 'keyword',
  'event.outcome': 'keyword',
  'event.provider': 'keyword',
  'event.reason': 'keyword',
  'event.severity': 'long',
  'event.type': 'keyword[]',
  'gen_ai.operation.name': 'keyword',
  'gen_ai.tool.name': 'keyword',
  'group.id': 'keyword',
  'http.request.id': 'keyword',
  'http.request.method': 'keyword',
  'http.response.mime_type': 'keyword',
  'http.response.status_code': 'long',
  'log.level': 'keyword',
  message: 'keyword',
  'network.transport': 'keyword',
  'organization.id': 'keyword',
  'process.parent.pid': 'long',
  'related.ip': 'ip[]',
  'related.user': 'keyword[]',
  'rule.id': 'keyword',
  'rule.name': 'keyword',
  'rule.version': 'keyword',
  'server.address': 'keyword',
  'server.ip': 'ip',
  'server.port': 'long',
  'service.environment': 'keyword',
  'service.name': 'keyword',
  'service.node.name': 'keyword',
  'service.origin.name': 'keyword',
  'service.target.name': 'keyword',
  'service.version': 'keyword',
  'source.address': 'keyword',
  'source.ip': 'ip',
  'span.id': 'keyword',
  tags: 'keyword[]',
  'tls.client.hash.sha256': 'keyword',
  'tls.client.subject': 'keyword',
  'trace.id': 'keyword',
  'url.path': 'keyword',
  'user.id': 'keyword',
  'user.name': 'keyword',
  'user.roles': 'keyword[]',
  'user_agent.original': 'keyword',
};

export const REQUIRED = ['@timestamp', 'ecs.version'];

/** Types that are expected of events in a category. */
export const EXPECTED_TYPES: Readonly<Record<string, readonly string[]>> = {
  api: ['access', 'admin', 'allowed', 'change', 'creation', 'deletion', 'denied', 'end', 'info', 'start', 'user'],
  authentication: ['start', 'end', 'info'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  process: ['access', 'change', 'end', 'info', 'start'],
  session: ['start', 'end', 'info'],
};

export const KINDS = ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal'];
export const OUTCOMES = ['failure', 'success', 'unknown'];
