/** Audit fields for the checklists' fields about who and from where, with their values in the runs. */
import { both, type Carried, https, NO_HTTP, NO_TLS, NO_TOKEN } from './expectation.js';
import { ANSWER, ASKED, REFUSED, STARTED } from './selectors.js';

export const ACTOR = [
  both(ANSWER, { 'audit.actor.id': 'u-8472', 'user.id': 'u-8472', 'mcp_audit.actor.source': 'hook' }),
  both(ASKED, { 'audit.actor.id': 'claude-code', 'mcp_audit.actor.source': 'self_asserted' }),
];
export const ACTOR_TYPE = [
  both(ANSWER, { 'audit.actor.type': 'user' }),
  both(ASKED, { 'audit.actor.type': 'service' }),
  both(STARTED, { 'audit.actor.type': 'system' }),
];
export const USER_NAME = both(ANSWER, { 'user.name': 'Ada L.', 'user.roles': ['auditor', 'support'] });
export const TENANCY = both(ANSWER, {
  'mcp_audit.team.id': 'team-billing',
  'mcp_audit.organization.id': 'org-17',
});
export const CLIENT = [
  both(ANSWER, {
    'mcp_audit.client.name': 'claude-code',
    'mcp_audit.client.version': '3.2.1',
    'client.service.name': 'claude-code',
  }),
  both(ASKED, { 'mcp_audit.client.name': 'claude-code', 'mcp_audit.client.version': '3.2.1' }),
];
export const WORKLOAD = https(
  ANSWER,
  {
    'mcp_audit.oauth.client_id': 'client-app-frontend-prod',
    'mcp_audit.oauth.scopes': ['tools:read', 'tools:call'],
  },
  NO_TOKEN,
);
const SUBJECT = 'CN=agent-gateway.internal,O=Example';
export const CERTIFICATE: Carried[] = [
  https(ANSWER, { 'tls.client.subject': SUBJECT }, NO_TLS),
  {
    which: ANSWER,
    stdio: { lacks: { keys: ['tls.client.hash.sha256'], because: NO_TLS } },
    https: { has: ({ certificate }) => ({ 'tls.client.hash.sha256': certificate }) },
  },
  https(REFUSED, { 'audit.actor.id': SUBJECT, 'mcp_audit.actor.source': 'mtls' }, NO_TLS),
];
export const ADDRESS: Carried[] = [
  {
    which: ANSWER,
    stdio: {
      has: ({ clientPid }) => ({ 'process.parent_pid': clientPid, 'network.transport': 'pipe' }),
      lacks: { keys: ['client.address', 'network.peer.address'], because: 'a pipe has no address' },
    },
    https: {
      has: { 'client.address': '127.0.0.1', 'network.peer.address': '127.0.0.1', 'network.transport': 'tcp' },
      lacks: { keys: ['process.parent_pid'], because: 'the caller is not the parent of an HTTP server' },
    },
  },
  https(REFUSED, { 'client.address': '127.0.0.1' }, NO_HTTP),
];
export const USER_AGENT = https(ANSWER, { 'user_agent.original': 'agent-platform/7.1' }, NO_HTTP, {
  'mcp_audit.client.name': 'claude-code',
});
