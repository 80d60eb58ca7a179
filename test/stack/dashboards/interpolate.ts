/** What Grafana makes of a query before it sends it: variables and its own macros replaced. */

/** What was chosen or typed: one value, or several. */
export type Chosen = Readonly<Record<string, string | readonly string[]>>;

export interface Range {
  readonly startMs: number;
  readonly endMs: number;
  /** Between two points. */
  readonly stepMs: number;
}

/** Four scrapes, of the 60 s that are provisioned as interval of the metrics. */
const RATE_INTERVAL = '240s';

/** Several values become a regular expression in which each stands for itself; a single one is left as it is. */
const asPattern = (value: string | readonly string[]): string =>
  typeof value === 'string' ? value : value.map((one) => one.replace(/[$^*{}[\]+?.()|\\]/g, '\\\\$&')).join('|');

export function interpolate(query: string, chosen: Chosen, { startMs, endMs, stepMs }: Range, instant = false): string {
  const range = `${Math.round((endMs - startMs) / 1000)}s`;
  const builtIn: Record<string, string> = {
    __rate_interval: RATE_INTERVAL,
    __range: range,
    __auto: instant ? range : `${stepMs / 1000}s`,
  };
  return query.replace(/\$(?:(\w+)|\{(\w+)\})/g, (_, bare: string | undefined, braced: string | undefined) => {
    const name = (bare ?? braced) as string;
    const value = builtIn[name] ?? chosen[name];
    if (value === undefined) throw new Error(`nothing is known of $${name}: ${query}`);
    return asPattern(value);
  });
}
