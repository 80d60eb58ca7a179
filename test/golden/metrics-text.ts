/** Metrics as text: one line per series, with its count. Pure. */

export interface ServiceSeries {
  readonly service: string;
  readonly metric: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count: number;
}

/** Attributes that come first. */
const FIRST = ['mcp.method.name', 'gen_ai.tool.name', 'gen_ai.prompt.name', 'error.type'];
/** Attributes that differ from run to run. */
const PORT = 'server.port';

/** Adds up series that were exported in parts. */
export function metricsText(series: readonly ServiceSeries[]): string {
  const groups = new Map<string, Map<string, number>>();
  for (const { service, metric, attributes, count } of series) {
    const title = `${service} ${metric}`;
    const lines = groups.get(title) ?? new Map<string, number>();
    groups.set(title, lines);
    const line = attributesText(attributes);
    lines.set(line, (lines.get(line) ?? 0) + count);
  }
  return [...groups]
    .sort(byKey)
    .map(([title, lines]) =>
      [title, ...[...lines].sort(byKey).map(([line, count]) => `  ${count} × ${line}`)].join('\n'),
    )
    .join('\n\n');
}

function attributesText(attributes: Readonly<Record<string, unknown>>): string {
  const others = Object.keys(attributes).filter((key) => !FIRST.includes(key));
  return [...FIRST.filter((key) => key in attributes), ...others.sort()]
    .map((key) => `${key}=${key === PORT ? '<port>' : JSON.stringify(attributes[key])}`)
    .join(' ');
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
