/** Forwards OTLP requests to another endpoint unchanged, and counts failures. */

const TIMEOUT_MS = 10_000;
const MAX_PENDING = 256;

/**
 * @param {string} endpoint base URL as in `OTEL_EXPORTER_OTLP_ENDPOINT`; the signal's path is appended
 * @param {Record<string, string>} [headers] added to every request; default: from `OTEL_EXPORTER_OTLP_HEADERS`
 */
export function createForwarder(endpoint, headers = parseHeaders(process.env.OTEL_EXPORTER_OTLP_HEADERS)) {
  const base = endpoint.replace(/\/+$/, '');
  /** @type {Set<Promise<void>>} */
  const pending = new Set();
  /** @type {Map<string, number>} */
  const failures = new Map();
  let sent = 0;

  /** @param {string} reason */
  const fail = (reason) => {
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
  };

  return {
    /**
     * Starts sending and returns at once; `close` waits for the response.
     *
     * @param {string} path such as `/v1/traces`
     * @param {Buffer} body
     * @param {Record<string, string>} bodyHeaders content type and encoding
     */
    send(path, body, bodyHeaders) {
      if (pending.size >= MAX_PENDING) {
        fail('too many requests waiting');
        return;
      }
      const request = post(`${base}${path}`, body, { ...bodyHeaders, ...headers })
        .then(() => {
          sent += 1;
        })
        .catch((error) => fail(reasonOf(error)))
        .finally(() => pending.delete(request));
      pending.add(request);
    },

    /** Waits for all responses, reports failures on stderr, and returns the counts. */
    async close() {
      await Promise.all(pending);
      let failed = 0;
      for (const [reason, count] of failures) {
        failed += count;
        console.error(`otlp-forwarder: ${count} request(s) not accepted by ${base}: ${reason}`);
      }
      return { sent, failed };
    },
  };
}

/**
 * @param {string} url
 * @param {Buffer} body
 * @param {Record<string, string>} headers
 */
async function post(url, body, headers) {
  const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const refusal = partialSuccess(answer);
  if (refusal) throw new Error(refusal);
}

/** A 200 response can still report rejected records. @param {string} answer */
function partialSuccess(answer) {
  let partial;
  try {
    partial = JSON.parse(answer).partialSuccess;
  } catch {
    return undefined; // An empty or non-JSON 2xx response means success.
  }
  const rejected = Object.entries(partial ?? {}).find(
    ([key, count]) => key.startsWith('rejected') && Number(count) > 0,
  );
  return rejected && `${rejected[0]}=${rejected[1]} ${partial.errorMessage ?? ''}`.trim();
}

/** The message of the cause, where fetch puts the details. @param {any} error */
function reasonOf(error) {
  return String(error.cause?.code ?? error.cause?.message ?? error.message);
}

/**
 * `key=value,key=value`, values percent-encoded.
 *
 * @param {string | undefined} list
 * @returns {Record<string, string>}
 */
export function parseHeaders(list = '') {
  return Object.fromEntries(
    list
      .split(',')
      .map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()))
      .filter(([key, value]) => key && value !== undefined)
      .map(([key, value]) => [key, percentDecoded(value)]),
  );
}

/** @param {string} text */
function percentDecoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
