import { Refused, startServer } from '../stand-ins/server.mjs';

/** What the exporter sends for each document: the action, then the document. */
interface Item {
  readonly action: string;
  readonly document: string;
}

type Answers = { create: { status: number; error?: { type: string; reason?: string } } }[];

/**
 * A proxy in front of Elasticsearch that can answer bulk requests in its place: for faults that a healthy server does not have.
 * Keeps what passes through.
 */
export async function startFaults(elasticsearch: string) {
  const plan = {
    /** Rejects the next bulk requests. */
    status: undefined as number | undefined,
    /** Rejects single documents. */
    perDocument: (_document: any): number | undefined => undefined,
  };
  /** Fully rejected bulk requests, by status. */
  const refused = new Map<number, number>();
  /** Documents that Elasticsearch itself rejected, except for those that it had already. */
  const rejected: string[] = [];
  let duplicates = 0;

  const server = await startServer({
    refuse: ({ status, message }) => ({ status, body: { error: message } }),
    async handle({ method, url, headers, body }) {
      if (plan.status !== undefined) {
        refused.set(plan.status, (refused.get(plan.status) ?? 0) + 1);
        return answer(plan.status, { error: { type: 'told_to', reason: 'told to' }, status: plan.status });
      }
      const forward = async (bytes: string | Buffer) => {
        const response = await fetch(new URL(url.pathname + url.search, elasticsearch), {
          method,
          headers: { authorization: String(headers.authorization), 'content-type': String(headers['content-type']) },
          body: bytes,
        });
        return { status: response.status, body: (await response.json()) as { items?: Answers } };
      };
      if (url.pathname !== '/_bulk') throw new Refused(405, `only bulk requests were expected, not ${url.pathname}`);

      const items = itemsOf(body.toString('utf8'));
      const statuses = items.map(({ document }) => plan.perDocument(JSON.parse(document)));
      const passed = items.filter((_, at) => statuses[at] === undefined);
      const lines = passed.flatMap(({ action, document }) => [action, document]);
      const own = passed.length > 0 ? await forward(`${lines.join('\n')}\n`) : { status: 200, body: { items: [] } };
      if (own.status !== 200) rejected.push(JSON.stringify(own.body));
      if (!own.body.items) return answer(own.status, own.body);
      for (const { create } of own.body.items) {
        if (create.status === 409) duplicates++;
        else if (create.error) rejected.push(JSON.stringify(create));
      }
      const answers = statuses.map((status) => (status ? told(status) : own.body.items?.shift()));
      return answer(own.status, { ...own.body, items: answers });
    },
  });
  return {
    ...server,
    plan,
    refused,
    rejected,
    /** How often a stored document was sent again. */
    get duplicates() {
      return duplicates;
    },
    /** Ends all faults and forgets what happened. */
    reset() {
      plan.status = undefined;
      plan.perDocument = () => undefined;
      rejected.length = 0;
      server.complaints.length = 0;
      refused.clear();
    },
  };
}

const answer = (status: number, body: unknown) => ({ status, headers: { 'x-elastic-product': 'Elasticsearch' }, body });

const told = (status: number) => ({
  create: {
    status,
    error: {
      type: status === 429 ? 'es_rejected_execution_exception' : 'document_parsing_exception',
      reason: 'told to',
    },
  },
});

function itemsOf(text: string): Item[] {
  const lines = text.trimEnd().split('\n');
  return lines.flatMap((action, at) => (at % 2 === 0 ? [{ action, document: String(lines[at + 1]) }] : []));
}
