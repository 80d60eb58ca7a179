import { getJson } from './json.js';

export interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** The result of an instant query. */
export async function queryMetric(base: string, query: string): Promise<Sample[]> {
  const url = new URL('/api/v1/query', base);
  url.search = String(new URLSearchParams({ query }));
  const { data } = await getJson(url);
  return data.result.map(({ metric, value }: any) => ({ labels: metric, value: Number(value[1]) }));
}
