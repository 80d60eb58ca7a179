/**
 * The rows of the table. Every way to end is combined with every kind of server and every endpoint; protocol and delivery
 * alternate, so that every pair of values of two columns occurs in some row. Known risks have all combinations.
 *
 * @typedef {{ how: string, kind: string, endpoint: string, protocol: 'http/protobuf' | 'http/json' | 'grpc', delivery: string }} Row
 */

/** What ends it, and whether a part of the process is cut off: nothing can be delivered from there. */
const HOW = [
  { how: 'natural' },
  { how: 'exit' },
  { how: 'exit before exit' },
  { how: 'exit at the end of input', kinds: ['stdio'] },
  { how: 'SIGTERM' },
  { how: 'SIGTERM drain' },
  { how: 'SIGTERM drain exit', cutOff: ['worker'] },
  { how: 'SIGTERM signal-exit 3' },
  { how: 'SIGTERM signal-exit 4' },
  { how: 'throw' },
  { how: 'SIGKILL', cutOff: ['stdio', 'http', 'worker'] },
];
const KINDS = ['stdio', 'http', 'worker'];
const ENDPOINTS = ['up', 'refused', 'black hole'];
const PROTOCOLS = /** @type {const} */ (['http/protobuf', 'http/json', 'grpc']);
const DELIVERIES = ['file', 'otel'];

/** Where the SDK's exports are on their way when the process ends, and answered late. */
const UNDER_WAY = ['exit', 'exit before exit', 'SIGTERM', 'SIGTERM drain exit'];

/** @returns {Row[]} */
function crossed() {
  return HOW.flatMap(({ how, kinds = KINDS }, h) =>
    kinds.flatMap((kind) =>
      ENDPOINTS.map((endpoint, e) => {
        const k = KINDS.indexOf(kind);
        return {
          how,
          kind,
          endpoint,
          protocol: PROTOCOLS[(h + k + e) % PROTOCOLS.length] ?? 'grpc',
          delivery: DELIVERIES[(h + k + Math.floor((h + e) / 2)) % DELIVERIES.length] ?? 'file',
        };
      }),
    ),
  );
}

/** @returns {Row[]} */
function atRisk() {
  const exits = ['exit', 'exit at the end of input'].flatMap((how) =>
    PROTOCOLS.flatMap((protocol) =>
      DELIVERIES.map((delivery) => ({ how, kind: 'stdio', endpoint: 'up', protocol, delivery })),
    ),
  );
  const late = UNDER_WAY.flatMap((how, h) =>
    PROTOCOLS.map((protocol, p) => ({
      how,
      kind: KINDS[(h + p) % 2] ?? 'stdio',
      endpoint: 'late',
      protocol,
      delivery: 'otel',
    })),
  );
  const killed = KINDS.flatMap((kind) =>
    DELIVERIES.map((delivery) => ({ how: 'SIGKILL', kind, endpoint: 'up', protocol: PROTOCOLS[0], delivery })),
  );
  return [...exits, ...late, ...killed];
}

const key = (/** @type {Row} */ row) => Object.values(row).join(' · ');

/** @type {readonly Row[]} */
export const rows = [...new Map([...crossed(), ...atRisk()].map((row) => [key(row), row])).values()];

/** Whether everything has to arrive. @param {Row} row */
export function isDelivered({ how, kind, endpoint }) {
  const cutOff = HOW.find((each) => each.how === how)?.cutOff ?? [];
  return ['up', 'late'].includes(endpoint) && !cutOff.includes(kind);
}

/** Throws if two values of two columns never meet. */
export function checkCoverage() {
  const columns = /** @type {const} */ (['how', 'kind', 'endpoint', 'protocol', 'delivery']);
  const values = {
    how: HOW.map(({ how }) => how),
    kind: KINDS,
    endpoint: ENDPOINTS,
    protocol: PROTOCOLS,
    delivery: DELIVERIES,
  };
  const missing = columns.flatMap((a, index) =>
    columns.slice(index + 1).flatMap((b) =>
      values[a].flatMap((x) =>
        values[b]
          .filter((y) => !rows.some((row) => row[a] === x && row[b] === y))
          .filter(
            (y) => !(a === 'how' && b === 'kind' && !(HOW.find(({ how }) => how === x)?.kinds ?? KINDS).includes(y)),
          )
          .map((y) => `${x} and ${y}`),
      ),
    ),
  );
  if (missing.length > 0) throw new Error(`the table has no row with ${missing.join(', none with ')}`);
}
