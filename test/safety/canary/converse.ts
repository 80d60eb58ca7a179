/** One conversation in this process with canaries in every field that a peer, a handler or a hook chooses. */
import { join } from 'node:path';
import {
  annotate,
  type Instrumented,
  instrumentClient,
  instrumentServer,
  inventory,
  type McpInstrumentationConfig,
  recordAuthentication,
  recordAuthorization,
  recordConfigChange,
  recordGuardrail,
} from '../../../src/index.js';
import type { PolicyDocument } from '../../../src/policy/rule.js';
import type { Flavour } from '../../support/flavours.js';
import { clientInfo, clientOptions, configureClient, talk } from './client-side.js';
import { configureServer, serverInfo, serverOptions } from './server-side.js';
import type { Sweep } from './sweep.js';

/** What is exported: the defaults, or everything that has an option. */
export type Mode = 'by default' | 'opted in';
export const MODES: readonly Mode[] = ['by default', 'opted in'];

/** Recorded by the policy on the client; the server records everything. */
const POLICY: PolicyDocument = {
  version: 1,
  capture: {
    tools: { known: { arguments: { captured: { type: 'string', unsafeText: true, maxLength: 1024 } } } },
  },
};

function configs(
  mode: Mode,
  directory: string,
  sweep: Sweep,
): { client: McpInstrumentationConfig; server: McpInstrumentationConfig } {
  const name = mode.replaceAll(' ', '-');
  const audit = {
    delivery: ['otel', 'file'] as const,
    file: join(directory, `${name}.jsonl`),
    stateDirectory: directory,
    identity: () => ({
      id: sweep.plantLocally('identity id'),
      name: sweep.plantLocally('identity name'),
      type: sweep.plantLocally('identity type') as 'user',
      roles: [sweep.plantLocally('identity role')],
      organization: sweep.plantLocally('identity organization'),
      team: sweep.plantLocally('identity team'),
      approver: {
        id: sweep.plantLocally('approver id'),
        name: sweep.plantLocally('approver name'),
        type: sweep.plantLocally('approver type') as 'user',
      },
      delegation: { actors: [sweep.plantLocally('delegate')], id: sweep.plantLocally('grant') },
    }),
  };
  if (mode === 'by default') return { client: { audit }, server: { audit: { ...audit, identity: failing(sweep) } } };
  const all: McpInstrumentationConfig = {
    captureResults: true,
    capturePromptVariables: true,
    captureErrorMessages: true,
    resourceUriInSpanName: true,
    rpcStatusCodeAttribute: 'both',
  };
  const told = { ...audit, messages: true, aiInvocation: true, sessionIds: 'plain' as const };
  return {
    client: { ...all, audit: { ...told, policy: POLICY }, trustIncomingContext: 'link' },
    server: { ...all, audit: told, captureArguments: true, trustIncomingContext: 'link' },
  };
}

/** A hook that throws everything it gets. */
function failing(sweep: Sweep): () => never {
  return () => {
    throw new Error(sweep.plantLocally('error of the identity hook'));
  };
}

/** @returns the inventory afterwards */
export async function converse(flavour: Flavour, mode: Mode, sweep: Sweep, directory: string): Promise<string> {
  const config = configs(mode, directory, sweep);
  const handles: Instrumented[] = [];
  const pair = await flavour.pair({
    instrument: 'none',
    clientInfo: clientInfo(sweep),
    clientOptions: clientOptions(sweep),
    serverInfo: serverInfo(sweep),
    serverOptions: serverOptions(sweep),
    configure: (mcp) => {
      configureServer(mcp, flavour, sweep, () => state(sweep));
      handles.push(instrumentServer(mcp, config.server));
    },
    configureClient: (client) => {
      configureClient(client, flavour, sweep);
      handles.push(instrumentClient(client, config.client));
    },
    wrapTransports: (client, server) => [watched(client, sweep), watched(server, sweep)],
  });
  await talk(pair, flavour, sweep);
  state(sweep, 'outside: ');
  for (const { id, annotations } of inventory()?.servers ?? []) {
    if (Object.keys(annotations).length > 0) continue;
    annotate(id, {
      addedBy: sweep.plantLocally('annotation: added by'),
      approval: sweep.plantLocally('annotation: approval') as 'approved',
      notes: sweep.plantLocally('annotation: notes'),
      review: sweep.plantLocally('annotation: review'),
      rejectionReason: sweep.plantLocally('annotation: rejection reason'),
      removedBy: sweep.plantLocally('annotation: removed by'),
      reviewer: sweep.plantLocally('annotation: reviewer'),
    });
  }
  await pair.close();
  const kept = JSON.stringify(inventory());
  for (const handle of handles) handle.disable();
  return kept;
}

/** The application's own events, inside and outside a handler. */
function state(sweep: Sweep, where = ''): void {
  const plant = (field: string) => sweep.plantLocally(`${where}${field}`);
  const actor = {
    id: plant('actor id'),
    name: plant('actor name'),
    roles: [plant('actor role')],
    organization: plant('actor organization'),
    team: plant('actor team'),
  };
  const method = plant('authentication method');
  recordAuthentication({ event: 'login', actor, method, reason: plant('authentication reason') });
  recordAuthentication({ event: 'login', outcome: plant('authentication outcome') as 'success' });
  recordAuthorization({
    decision: 'allow',
    policyId: plant('policy id'),
    policyVersion: plant('policy version'),
    ruleName: plant('rule name'),
    reason: plant('authorization reason'),
  });
  recordGuardrail({
    verdict: 'sanitize',
    ruleName: plant('guardrail rule'),
    ruleVersion: plant('guardrail version'),
    reason: plant('guardrail reason'),
  });
  recordGuardrail({ verdict: 'allow', subject: plant('guardrail subject') as 'other' });
  recordConfigChange({ item: plant('changed item'), actor, reason: plant('reason of a change') });
  recordConfigChange({ item: 'something', change: plant('kind of change') as 'update' });
}

/** Keeps every message that is sent over a transport. */
function watched<T extends { send(message: unknown, ...rest: unknown[]): unknown }>(transport: T, sweep: Sweep): T {
  const { send } = transport;
  transport.send = function (this: T, message, ...rest) {
    sweep.sent(message);
    return send.call(this, message, ...rest);
  } as T['send'];
  return transport;
}
