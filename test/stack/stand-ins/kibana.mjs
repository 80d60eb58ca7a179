/** A stand-in for the two import APIs of Kibana that `elastic/install.sh` uses. */
import { json, Refused, startServer } from './server.mjs';

/** @param {{ user: string, password: string }} admin the user who can import */
export async function startKibana({ user, password }) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  /** @type {any[]} */ const rules = [];
  /** @type {any[]} */ const savedObjects = [];
  const server = await startServer({
    refuse: ({ status, message }) => ({ status, body: { statusCode: status, error: 'refused', message } }),
    async handle({ method, url, headers, body }) {
      if (headers.authorization !== authorization) throw new Refused(401, 'unauthorized');
      if (!headers['kbn-xsrf']) throw new Refused(400, 'Request must contain a kbn-xsrf header.');
      const into = { '/api/detection_engine/rules/_import': rules, '/api/saved_objects/_import': savedObjects }[
        url.pathname
      ];
      if (method !== 'POST' || !into) throw new Refused(404, `nothing at ${method} ${url.pathname}`);
      const form = await new Response(new Uint8Array(body), {
        headers: { 'content-type': String(headers['content-type']) },
      }).formData();
      const file = /** @type {File} */ (form.get('file'));
      if (!file?.name?.endsWith('.ndjson')) throw new Refused(400, 'Invalid file extension');
      const lines = (await file.text()).split('\n').filter(Boolean);
      for (const line of lines) into.push(json(Buffer.from(line), file.name));
      return { status: 200, body: { success: true, success_count: lines.length, errors: [] } };
    },
  });
  return { ...server, rules, savedObjects };
}
