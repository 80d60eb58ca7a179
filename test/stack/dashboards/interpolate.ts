/** Replaces variables and macros in a query, as Grafana does. */

/** Chosen or typed values, by variable. */
export type Chosen = Readonly<Record<string, string | readonly string[]>>;

export interface Range {
  readonly startMs: number;
  readonly endMs: number;
  /** Distance between two points. */
  readonly stepMs: number;
}

/** Four times the provisioned scrape interval of 60 s. */
const RATE_INTERVAL = '240s';

/** Several values become a regular expression with each value escaped; a single one stays unchanged. */
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
