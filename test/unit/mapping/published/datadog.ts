/**
 * Reserved and standard attributes of Datadog that the mapping uses, by their types (docs.datadoghq.com/standard-attributes,
 * and its page on correlating OpenTelemetry traces and logs for `trace_id`, `span_id` and `dd.*`).
 */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  timestamp: 'date',
  message: 'string',
  status: 'string',
  service: 'string',
  env: 'string',
  version: 'string',
  ddsource: 'string',
  trace_id: 'string',
  span_id: 'string',
  'dd.trace_id': 'string',
  'dd.span_id': 'string',
  'evt.name': 'string',
  'evt.outcome': 'string',
  'evt.category': 'string',
  'usr.id': 'string',
  'usr.name': 'string',
  'network.client.ip': 'ip',
  'network.client.port': 'number',
  'network.destination.ip': 'ip',
  'network.destination.port': 'number',
  'http.method': 'string',
  'http.status_code': 'number',
  'http.request_id': 'string',
  'http.useragent': 'string',
  'http.url_details.path': 'string',
  duration: 'number',
  'error.kind': 'string',
};

/** Statuses that the explorer knows. */
export const STATUSES = ['emergency', 'alert', 'critical', 'error', 'warn', 'notice', 'info', 'debug', 'ok'];
