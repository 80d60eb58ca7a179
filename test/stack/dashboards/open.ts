import type { Dashboard } from '../../support/dashboards.js';
import { type Addresses, valuesOf } from './ask.js';
import type { Chosen, Range } from './interpolate.js';

/** The last quarter of an hour. */
export const range = (): Range => ({ startMs: Date.now() - 900_000, endMs: Date.now(), stepMs: 15_000 });

/** The choices when a dashboard opens; for the timeline, as filled in by a link. */
export async function opened({ uid, templating }: Dashboard, traceId: string, at: Addresses): Promise<Chosen> {
  const chosen: Record<string, string | string[]> = {};
  for (const { includeAll, allValue, name } of templating.list) if (includeAll) chosen[name] = allValue ?? '';
  for (const variable of templating.list) {
    const { name, type, includeAll } = variable;
    if (type === 'datasource' || includeAll) continue;
    chosen[name] =
      type === 'textbox' ? String(variable.current.value) : ((await valuesOf(variable, chosen, range(), at))[0] ?? '');
  }
  if (uid === 'mcp-timeline') Object.assign(chosen, { correlation: traceId, trace: traceId });
  return chosen;
}
