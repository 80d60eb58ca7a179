/** What the application's hooks are told of an operation. Pure. */
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { McpOperationInfo } from '../types.js';

export function infoOf({ direction, method, id, template }: Operation, { errorType }: Outcome): McpOperationInfo {
  const { target, peer } = template.facts;
  return {
    side: direction === 'outbound' ? 'client' : 'server',
    method,
    ...(id !== undefined && { id }),
    ...(target !== undefined && { target }),
    peer,
    ...(errorType !== undefined && { errorType }),
  };
}
