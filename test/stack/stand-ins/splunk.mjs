/**
 * A small, strict stand-in for Splunk's HTTP Event Collector: the event endpoint as documented, with the codes and
 * HTTP statuses of its answers. A request with one wrong event is refused whole.
 */
import { startServer } from './server.mjs';

/** Texts and HTTP statuses by code. */
const ANSWERS = {
  0: [200, 'Success'],
  2: [401, 'Token is required'],
  3: [401, 'Invalid authorization'],
  4: [403, 'Invalid token'],
  5: [400, 'No data'],
  6: [400, 'Invalid data format'],
  7: [400, 'Incorrect index'],
  8: [500, 'Internal server error'],
  9: [503, 'Server is busy'],
  12: [400, 'Event field is required'],
  13: [400, 'Event field cannot be blank'],
  14: [400, 'ACK is disabled'],
  15: [400, 'Error in handling indexed fields'],
};
/** @typedef {keyof typeof ANSWERS} Code */

const PATHS = ['/services/collector', '/services/collector/event', '/services/collector/event/1.0'];
const MEMBERS = ['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields'];
/** What Splunk Cloud accepts in one request. */
const MAX_REQUEST_BYTES = 1_000_000;
const METRIC = /^metric_name:[A-Za-z.:][\w.:-]*$/;

/** @typedef {{ raw: string, time: number | undefined, host: string, source: string, sourcetype: string, index: string, fields: Record<string, any> }} Stored */

class Rejected extends Error {
  /** @param {Code} code @param {string} why @param {number} [number] of the event, from 0 */
  constructor(code, why, number) {
    super(`code ${code}${number === undefined ? '' : `, event ${number}`}: ${why}`);
    this.code = code;
    this.number = number;
  }
}

/**
 * @param {object} options
 * @param {string} options.token
 * @param {Record<string, 'event' | 'metric'>} options.indexes that exist
 * @param {number} [options.port]
 */
export async function startSplunk({ token, indexes, port }) {
  /** @type {Stored[]} */ const stored = [];
  /** A status or code for every request; undefined for its own judgement. @type {{ answer?: number, headers?: Record<string, string> }} */
  const plan = {};
  /** Answers by code or status. @type {Map<number, number>} */ const answered = new Map();
  /** @param {number} key */
  const count = (key) => answered.set(key, (answered.get(key) ?? 0) + 1);

  /** @param {number} code @param {number} [number] */
  function answer(code, number) {
    count(code);
    const [status, text] = ANSWERS[/** @type {Code} */ (code)] ?? [code, 'by plan'];
    const at = number === undefined ? {} : { 'invalid-event-number': number };
    return { status, headers: plan.headers, body: { text, code, ...at } };
  }

  const server = await startServer({
    port,
    refuse: (error) => ({ status: error.status, body: { text: error.message, code: 6 } }),
    handle(received) {
      try {
        if (plan.answer !== undefined) return answer(plan.answer);
        if (received.url.pathname.startsWith('/services/collector/ack')) throw new Rejected(14, 'no acknowledgements');
        if (!PATHS.includes(received.url.pathname)) return answer(404);
        if (received.method !== 'POST') return answer(405);
        authorise(received.headers.authorization, token);
        if (Number(received.headers['content-length']) > MAX_REQUEST_BYTES) return answer(413);
        stored.push(...events(received.body).map((event, number) => checked(event, number, indexes)));
        return answer(0);
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        server.complaints.push(error.message);
        return answer(error.code, error.number);
      }
    },
  });
  return { ...server, stored, plan, answered, indexes };
}

/** @param {string | undefined} header @param {string} token */
function authorise(header, token) {
  if (header === undefined) throw new Rejected(2, 'no Authorization');
  const [, given] = /^Splunk (.*)$/.exec(header) ?? [];
  if (given === undefined) throw new Rejected(3, 'not "Splunk" and a token');
  if (given !== token) throw new Rejected(4, 'another token');
}

/** The texts of concatenated JSON objects, with white space between them or none. @param {Buffer} body */
function* objects(body) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) {
      yield text.slice(from, at + 1);
      from = at + 1;
    }
  }
  if (text.slice(from).trim() !== '') yield text.slice(from);
}

/** @param {Buffer} body @returns {{ text: string, event: any }[]} */
function events(body) {
  const found = [];
  try {
    for (const text of objects(body)) found.push({ text, event: JSON.parse(text) });
  } catch (error) {
    throw new Rejected(6, error.message, found.length);
  }
  if (found.length === 0) throw new Rejected(5, 'an empty request');
  return found;
}

/**
 * @param {{ text: string, event: any }} found @param {number} number
 * @param {Record<string, 'event' | 'metric'>} indexes @returns {Stored}
 */
function checked({ text, event }, number, indexes) {
  const reject = (/** @type {Code} */ code, /** @type {string} */ why) => {
    throw new Rejected(code, why, number);
  };
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return reject(6, 'not an object');
  const unknown = Object.keys(event).filter((key) => !MEMBERS.includes(key));
  if (unknown.length > 0) return reject(6, `members ${unknown}`);
  if (!('event' in event)) return reject(12, 'no event');
  if (event.event === null || (typeof event.event === 'string' && event.event.trim() === ''))
    return reject(13, 'a blank event');
  for (const key of ['host', 'source', 'sourcetype', 'index'])
    if (typeof event[key] !== 'string' || event[key] === '') return reject(6, `${key} is ${event[key]}`);
  // A time in exponent notation is refused.
  if (event.time !== undefined && !/"time":\s*"?\d{9,10}(\.\d+)?"?\s*[,}]/.test(text))
    return reject(15, `time ${event.time}`);
  const { fields = {} } = event;
  if (typeof fields !== 'object' || Array.isArray(fields)) return reject(15, 'fields: not an object');
  for (const [key, value] of Object.entries(fields))
    for (const each of Array.isArray(value) ? value : [value])
      if (!['string', 'number', 'boolean'].includes(typeof each)) return reject(15, `field ${key} is not flat`);
  const kind = Object.hasOwn(indexes, event.index) ? indexes[event.index] : undefined;
  if (kind === undefined) return reject(7, `no index ${event.index}`);
  if (kind === 'metric') metric(event, fields, reject);
  return {
    ...event,
    fields,
    time: event.time === undefined ? undefined : Number(event.time),
    raw: typeof event.event === 'string' ? event.event : JSON.stringify(event.event),
  };
}

/** @param {any} event @param {Record<string, any>} fields @param {(code: Code, why: string) => never} reject */
function metric({ event }, fields, reject) {
  if (event !== 'metric') reject(6, 'an index of metrics takes nothing else');
  const values = Object.keys(fields).filter((key) => key.startsWith('metric_name:'));
  if (values.length === 0) reject(6, 'no metric');
  for (const key of values) {
    if (!METRIC.test(key)) reject(6, `metric ${key}`);
    if (typeof fields[key] !== 'number') reject(6, `${key} is ${fields[key]}`);
  }
}
