/** Preloaded, with and without mcp-trail, where a server would fetch from the internet: OFFLINE maps an origin to one on loopback, or to a body. */
const replaced = Object.entries(JSON.parse(process.env['OFFLINE'] ?? '{}'));
const { fetch } = globalThis;

globalThis.fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  const [origin, value] = replaced.find(([from]) => url.startsWith(from)) ?? [];
  if (origin === undefined) return fetch(input, init);
  if (!value.startsWith('http:')) return new Response(value, { headers: { 'content-type': 'application/json' } });
  const there = value + url.slice(origin.length);
  return fetch(input instanceof Request ? new Request(there, input) : there, init);
};
