/** The records to check: one for each way an operation can end. */
import type { Selector } from './run.js';

export const server = (event: Selector['event'], where: Selector['where']): Selector => ({
  event,
  side: 'server',
  where,
});

export const ANSWER = server('mcp_audit.response', { 'gen_ai.tool.name': 'query_customer' });
export const ATTEMPT = server('mcp_audit.request', { 'gen_ai.tool.name': 'query_customer' });
export const ASKED: Selector = { ...ANSWER, side: 'client' };
export const DENIED = server('mcp_audit.response', { 'gen_ai.tool.name': 'delete_customer' });
export const BROKEN = server('mcp_audit.response', { 'gen_ai.tool.name': 'break' });
export const RESOURCE = server('mcp_audit.response', { 'audit.target.id': 'customers://eu/42' });
export const PROMPT = server('mcp_audit.response', { 'gen_ai.prompt.name': 'summarize' });
export const NO_PROMPT = server('mcp_audit.response', { 'gen_ai.prompt.name': 'unheard-of' });
export const LIMITED = server('mcp_audit.response', { 'audit.target.id': 'customers://eu/limited' });
export const SLOW: Selector = { event: 'mcp_audit.response', side: 'client', where: { 'gen_ai.tool.name': 'wait' } };
export const REFUSED = server('mcp_audit.authorization', { 'http.response.status_code': 401 });
export const TOO_MANY = server('mcp_audit.authorization', { 'http.response.status_code': 429 });
export const STARTED: Selector = { event: 'mcp_audit.started' };
