/** Calls with several rounds, on 2026-07-28. */
import { DIALECTS } from './dialects.js';
import { FLAVOURS, type Pair, type PairOptions, text } from './flavours.js';
import { ASKABLE, answer, ELICITATION, type Question, ROOTS, SAMPLING } from './questions.js';

/** The ending of a round that asks for input. */
export const INPUT_REQUIRED = { resultType: 'input_required' } as const;

let flows = 0;

/**
 * A tool, `deploy`, that asks the given questions, one entry per round. Its state contains the number of the next round and is
 * the same for every call.
 */
export function pairThatAsks(rounds: readonly (readonly Question[])[], options: PairOptions = {}): Promise<Pair> {
  const flow = ++flows;
  const handler = (_args: unknown, { raw }: { raw: any }) => {
    const round = Number(raw.mcpReq.requestState()?.split(' ')[1] ?? 0);
    const questions = rounds[round];
    if (questions === undefined) return text('done');
    const inputRequests = Object.fromEntries(questions.map(({ method, params }) => [method, { method, params }]));
    return { ...INPUT_REQUIRED, inputRequests, requestState: `${flow} ${round + 1}` };
  };
  const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as (typeof FLAVOURS)[number];
  return modern.pair({
    clientOptions: ASKABLE,
    tools: [{ name: 'deploy', handler }],
    configureClient: (client) => {
      for (const question of [ELICITATION, SAMPLING, ROOTS]) answer(client, DIALECTS.v2, question);
    },
    ...options,
  });
}
