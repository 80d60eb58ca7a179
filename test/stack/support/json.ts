/** Fetches JSON. */
export async function getJson(url: string | URL, headers: Record<string, string> = {}): Promise<any> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 1_000)}`);
  return JSON.parse(text);
}
