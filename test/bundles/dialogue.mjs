/** What a server is asked, byte for byte the same with and without us, and all that it answers. */
import { createInterface } from 'node:readline';

const META = 'io.modelcontextprotocol/';
const envelope = {
  [`${META}protocolVersion`]: '2026-07-28',
  [`${META}clientInfo`]: { name: 'asking', version: '1.0.0' },
  [`${META}clientCapabilities`]: {},
};
const sampled = { model: 'none', role: 'assistant', content: { type: 'text', text: 'forty-two' } };
const clientInfo = { name: 'asking', version: '1.0.0' };
const call = (name, args = {}) => ['tools/call', { name, arguments: args }];
const calls = [['tools/list', {}], call('add', { a: 2, b: 3 }), call('fail'), call('nonsense'), ['tools/nonsense', {}]];

const LISTEN = 'subscriptions/listen';
const initialize = ['initialize', { protocolVersion: '2024-11-05', capabilities: { sampling: {} }, clientInfo }];

/** The requests of each kind of dialogue. */
const requests = {
  session: [initialize, ...calls, call('ask')],
  // One server for each request: it has nobody to ask.
  stateless: [initialize, ...calls],
  modern: [...calls, [LISTEN, { notifications: { toolsListChanged: true } }]],
};

/** Each request with the trace that it comes from. */
function messagesOf(kind) {
  return requests[kind].map(([method, params], index) => {
    const id = index + 1;
    const trace = String(id).padStart(32, 'a');
    const parent = String(id).padStart(16, 'b');
    const _meta = { ...(kind === 'modern' && envelope), traceparent: `00-${trace}-${parent}-01` };
    return { trace, parent, method, message: { jsonrpc: '2.0', id, method, params: { ...params, _meta } } };
  });
}

/** What the server sends of itself carries the trace context, which is not part of the comparison. */
function plain(text) {
  const message = JSON.parse(text);
  if (message.method === undefined || message.params === undefined) return text;
  const _meta = { ...message.params._meta, traceparent: undefined };
  return JSON.stringify({ ...message, params: { ...message.params, _meta } });
}

const isEnd = (message, { method, message: { id } }) =>
  method === LISTEN
    ? message.method === 'notifications/subscriptions/acknowledged'
    : message.id === id && message.method === undefined;

/** @returns what a dialogue has asked and all that was answered, when the server's output has ended */
export async function overStdio(child, kind) {
  const asked = messagesOf(kind);
  const answers = [];
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const left = [...asked];
  const next = () => {
    if (left.length > 0) send(left[0].message);
    else child.stdin.end();
  };
  const lines = createInterface(child.stdout);
  next();
  for await (const line of lines) {
    answers.push(plain(line));
    const message = JSON.parse(line);
    if (message.method === 'sampling/createMessage') send({ id: message.id, result: sampled });
    if (left.length === 0 || !isEnd(message, left[0])) continue;
    const { method, message: done } = left.shift();
    if (method === 'initialize') send({ method: 'notifications/initialized' });
    if (method === LISTEN) send({ method: 'notifications/cancelled', params: { requestId: done.id, _meta: envelope } });
    next();
  }
  return { asked, answers };
}

/** What differs between two runs by itself. */
const VARYING = new Set(['date', 'connection', 'keep-alive']);

/** @param {string} url */
export async function overHttp(url, kind) {
  const asked = messagesOf(kind);
  const answers = [];
  let session = {};
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const modern = (message) => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': message.method,
    ...(message.params?.name && { 'mcp-name': message.params.name }),
  });
  const post = (message, signal) =>
    fetch(url, {
      method: 'POST',
      headers: { ...headers, ...session, ...(kind === 'modern' && modern(message)) },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal,
    });
  for (const each of asked) {
    const left = new AbortController();
    const response = await post(each.message, left.signal);
    const id = response.headers.get('mcp-session-id');
    if (id !== null) session = { 'mcp-session-id': id };
    answers.push([response.status, [...response.headers].filter(([name]) => !VARYING.has(name))]);
    let body = '';
    let read = 0;
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      body += chunk;
      for (let end = body.indexOf('\n', read); end >= 0; end = body.indexOf('\n', read)) {
        const line = body.slice(read, end);
        read = end + 1;
        if (!line.startsWith('data: {')) continue;
        const message = JSON.parse(line.slice('data: '.length));
        answers.push(plain(line.slice('data: '.length)));
        if (message.method === 'sampling/createMessage') await post({ id: message.id, result: sampled });
        if (each.method === LISTEN && isEnd(message, each)) left.abort();
      }
      if (left.signal.aborted) break;
    }
    answers.push(body.replaceAll(/^data: .*$/gm, (line) => (line.includes('"method"') ? 'data: a request' : line)));
    if (each.method === 'initialize' && kind === 'session') await post({ method: 'notifications/initialized' });
  }
  return { asked, answers };
}
