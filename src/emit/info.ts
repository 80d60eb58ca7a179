/** What the application's hooks are told of an operation. Pure. */
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { McpOperationInfo } from '../types.js';

export function infoOf({ sent, method, id, template }: Operation, { errorType }: Outcome): McpOperationInfo {
  const { target, peer } = template.facts;
  return {
    side: sent ? 'client' : 'server',
    method,
    ...(id !== undefined && { id }),
    ...(target !== undefined && { target }),
    peer,
    ...(errorType !== undefined && { errorType }),
  };
}
